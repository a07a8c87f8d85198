"""Admin pages of provider profiles, and of people and roles."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from characters.admin import RefusesStaleSaves
from characters.models import Character
from sessions_app.admin import OwnFilters
from voicebot.models import ProviderProfile
from voicebot.profile_form import ProfileForm
from voicebot.stages_page import StagesPage

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(RefusesStaleSaves, DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    unguarded: ClassVar = ("last_login",)


@admin.register(Group)
class GroupAdmin(RefusesStaleSaves, DjangoGroupAdmin, ModelAdmin):
    pass


@admin.register(ProviderProfile)
class ProviderProfileAdmin(StagesPage, OwnFilters, RefusesStaleSaves, ModelAdmin):
    """Who may change profiles sees their options; others see which there are."""

    form = ProfileForm
    list_display: ClassVar = ["name", "stage", "service", "secrets_kept", "updated_at"]
    list_filter: ClassVar = ["stage"]
    search_fields: ClassVar = ["name", "service"]
    fieldsets: ClassVar = [
        (None, {"fields": [("name", "stage"), "service", "options", "context_tokens"]}),
        (_("What is secret"), {"fields": ["api_key", "secret_options", "forget_secrets"]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        return [*self.stages_urls(), *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: ProviderProfile | None = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return [(None, {"fields": [("name", "stage"), "service", "context_tokens"]})]
        return super().get_fieldsets(request, obj)

    @display(description=_("secrets"), label={"kept": "success"})
    def secrets_kept(self, profile: ProviderProfile) -> tuple[str, str] | str:
        return ("kept", gettext("kept")) if profile.has_secrets else ""

    def has_delete_permission(self, request: HttpRequest, obj: ProviderProfile | None = None) -> bool:
        """A profile that a character uses stays."""
        if obj is not None and Character.objects.filter(**{f"{obj.stage}_provider": obj.name}).exists():
            return False
        return super().has_delete_permission(request, obj)

"""Admin pages of provider profiles, and of people and roles."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultiple

from characters.admin import RefusesStaleSaves
from characters.models import Character
from sessions_app.admin import OwnFilters
from voicebot.line_page import LinePage
from voicebot.models import ProviderProfile, SealedHeader, ToolServer
from voicebot.profile_form import ProfileForm
from voicebot.stages_page import StagesPage
from voicebot.tool_admin import SealedHeaderAdmin, ToolServerAdmin
from voicebot.unwritten_page import UnwrittenPage

ROLES = gettext_noop("Editor"), gettext_noop("Moderator"), gettext_noop("Operator")  # of the first migrations
ACTS = {"add": _("add"), "change": _("change"), "delete": _("delete"), "view": _("view")}


def permission_in_words(permission: Permission) -> str:
    """What a permission allows: its name is kept in English."""
    kind = permission.content_type
    act = ACTS.get(permission.codename.removesuffix(f"_{kind.model}"))
    if act is None:
        return f"{kind.app_labeled_name} | {gettext(permission.name)}"
    return f"{kind.app_labeled_name} | {act}"


def _worth_showing() -> list[int]:
    """The permissions that something here asks for: of models with pages, and what somebody has already."""
    given = Q(group__isnull=False) | Q(user__isnull=False)
    had = set(Permission.objects.filter(given).values_list("pk", flat=True))
    asked = Permission.objects.select_related("content_type")
    return [p.pk for p in asked if p.pk in had or _has_pages(p.content_type.model_class())]


def _has_pages(model: Any) -> bool:
    return model is not None and admin.site.is_registered(model)


class InOurWords:
    """Mixed into the admin of people and roles: boxes to tick, in its reader's words, for telephones too."""

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        kwargs["widget"] = UnfoldAdminCheckboxSelectMultiple()
        field = super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]
        if db_field.related_model is Permission:
            field.label_from_instance = permission_in_words
            field.queryset = field.queryset.filter(pk__in=_worth_showing()).select_related("content_type")
        elif db_field.related_model is Group:
            field.label_from_instance = lambda group: gettext(group.name)
        field.help_text = ""
        return field


class UserAdmin(InOurWords, RefusesStaleSaves, DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    unguarded: ClassVar = ("last_login",)


class GroupAdmin(InOurWords, RefusesStaleSaves, DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]
    list_display = ["called"]

    @display(description=_("name"), ordering="name")
    def called(self, group: Group) -> str:
        return gettext(group.name)


# In place of Django's own pages. A project with another user model has its own pages for it.
for model, pages in {User: UserAdmin, Group: GroupAdmin}.items():
    if admin.site.is_registered(model):
        admin.site.unregister(model)
        admin.site.register(model, pages)


admin.site.register(SealedHeader, SealedHeaderAdmin)
admin.site.register(ToolServer, ToolServerAdmin)


@admin.register(ProviderProfile)
class ProviderProfileAdmin(StagesPage, LinePage, UnwrittenPage, OwnFilters, RefusesStaleSaves, ModelAdmin):
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
        return [*self.stages_urls(), *self.line_urls(), *self.unwritten_urls(), *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: ProviderProfile | None = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return [(None, {"fields": [("name", "stage"), "service", "context_tokens"]})]
        return super().get_fieldsets(request, obj)

    @display(description=_("secrets"), label={"kept": "success"})
    def secrets_kept(self, profile: ProviderProfile) -> tuple[str, str] | str:
        return ("kept", gettext("kept")) if profile.has_secrets else ""

    def has_delete_permission(self, request: HttpRequest, obj: ProviderProfile | None = None) -> bool:
        """A profile that a character uses stays: its draft, or what visitors meet."""
        if obj is not None:
            field = f"{obj.stage}_provider"
            uses = Q(**{field: obj.name}) | Q(**{f"published__content__{field}": obj.name})
            if Character.objects.filter(uses).exists():
                return False
        return super().has_delete_permission(request, obj)

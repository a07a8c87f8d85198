"""The operator's desk: provider profiles, and people and roles in the look of the rest."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanSwitchWidget

from characters.models import Character
from characters.sheet import Sheet
from voicebot.models import ProviderProfile
from voicebot.providers import pipecat_service
from voicebot.providers.errors import ProviderError
from voicebot.providers.registry import BUILT_IN

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass


class ProfileForm(forms.ModelForm):
    """The API key goes in and never comes out: the field is always empty."""

    api_key = forms.CharField(
        label="API key",
        required=False,
        strip=True,
        max_length=4000,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Sealed when it is saved, and never shown again. Empty keeps the one that is there.",
    )
    forget_api_key = forms.BooleanField(required=False, widget=UnfoldBooleanSwitchWidget())

    class Meta:
        model = ProviderProfile
        fields: ClassVar = ["name", "stage", "service", "options", "context_tokens"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name in BUILT_IN:
            raise forms.ValidationError(f"{name!r} is built in: choose another name.")
        return name

    def clean_options(self) -> dict[str, Any]:
        options = self.cleaned_data["options"] or {}
        if not isinstance(options, dict):
            raise forms.ValidationError("The options are a JSON object.")
        if "api_key" in options:
            raise forms.ValidationError("An API key does not belong here: there is a field for it.")
        return options

    def clean(self) -> dict[str, Any]:
        """Builds the service once, so that what is wrong with it is said here and not to a visitor."""
        cleaned = super().clean() or {}
        if not self.errors:
            key = cleaned["api_key"] or ("" if cleaned["forget_api_key"] else self.instance.api_key())
            try:
                build = pipecat_service.factory(cleaned["stage"], cleaned["service"], cleaned["options"], key)
                build(Sheet(slug="a-sheet", name="A sheet"))
            except ProviderError as error:
                self.add_error("service", str(error))
        return cleaned

    def save(self, commit: bool = True) -> ProviderProfile:
        if self.cleaned_data["api_key"]:
            self.instance.seal(self.cleaned_data["api_key"])
        elif self.cleaned_data["forget_api_key"]:
            self.instance.seal("")
        saved: ProviderProfile = super().save(commit)
        return saved


@admin.register(ProviderProfile)
class ProviderProfileAdmin(ModelAdmin):
    form = ProfileForm
    list_display: ClassVar = ["name", "stage", "service", "key_kept", "updated_at"]
    list_filter: ClassVar = ["stage"]
    search_fields: ClassVar = ["name", "service"]
    fieldsets: ClassVar = [
        (None, {"fields": [("name", "stage"), "service", "options", "context_tokens"]}),
        ("API key", {"fields": ["api_key", "forget_api_key"]}),
    ]

    @display(description="API key", label={"kept": "success"})
    def key_kept(self, profile: ProviderProfile) -> str:
        return "kept" if profile.has_api_key else ""

    def has_delete_permission(self, request: HttpRequest, obj: ProviderProfile | None = None) -> bool:
        """A profile that a character is cast with stays."""
        if obj is not None and Character.objects.filter(**{f"{obj.stage}_provider": obj.name}).exists():
            return False
        return super().has_delete_permission(request, obj)

"""Admin pages of what tools ask: servers that speak MCP, and headers that are sealed."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminPasswordWidget

from characters.admin import RefusesStaleSaves
from characters.models import Character
from sessions_app.admin import OwnFilters
from voicebot.models import SealedHeader, ToolServer, valid_address
from voicebot.tools import ToolFailed, mcp

__all__ = ["SealedHeaderAdmin", "ToolServerAdmin"]
SHOWN_TOOLS = 12


class SealedHeaderForm(forms.ModelForm):
    """The value goes in and never comes out: its field is always empty."""

    value = forms.CharField(
        label=gettext_lazy("value"),
        required=False,
        max_length=4000,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy(
            "Such as “Bearer …”. Sealed when it is saved, and never shown again. Empty keeps the one "
            "that is there."
        ),
    )

    class Meta:
        model = SealedHeader
        fields: ClassVar = ["name", "address", "header"]

    def clean_value(self) -> str:
        value: str = self.cleaned_data["value"]
        if not value.isprintable() or not value.isascii():
            raise forms.ValidationError(_("A header has letters, figures and signs of ASCII, on one line."))
        return value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors or cleaned.get("value"):
            return cleaned
        there: SealedHeader = self.instance  # as it is stored: it is changed after this
        meant = SealedHeader(address=cleaned["address"], header=cleaned["header"])
        if not there.sealed_value:
            self.add_error("value", _("Give the value."))
        elif meant.bound != there.bound:
            self.add_error("value", _("It goes elsewhere now: give the value again."))
        return cleaned

    def save(self, commit: bool = True) -> SealedHeader:
        if self.cleaned_data["value"]:
            self.instance.seal(self.cleaned_data["value"])
        saved: SealedHeader = super().save(commit)
        return saved


class SealedHeaderAdmin(OwnFilters, RefusesStaleSaves, ModelAdmin):
    form = SealedHeaderForm
    list_display: ClassVar = ["name", "address", "header", "updated_at"]
    search_fields: ClassVar = ["name", "address"]

    def get_fields(self, request: HttpRequest, obj: SealedHeader | None = None) -> Any:
        shown = ["name", "address", "header"]
        return [*shown, "value"] if self.has_add_permission(request) else shown

    def has_delete_permission(self, request: HttpRequest, obj: SealedHeader | None = None) -> bool:
        """One that a server or a character needs stays."""
        if obj is not None and (obj.toolserver_set.exists() or _in_drafts("headers", obj.name)):
            return False
        return super().has_delete_permission(request, obj)


class ToolServerForm(forms.ModelForm):
    class Meta:
        model = ToolServer
        fields: ClassVar = ["name", "transport", "url", "headers", "only", "fixed", "enabled"]
        widgets: ClassVar = {"headers": UnfoldAdminCheckboxSelectMultipleWidget()}

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name in settings.MCP_STDIO_SERVERS:
            raise forms.ValidationError(
                _("“%(name)s” is in MCP_STDIO_SERVERS: choose another name.") % {"name": name}
            )
        return name

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        valid_address(url)
        if not url.startswith("https://") and not settings.MCP_ALLOWED_NETWORKS:
            raise forms.ValidationError(
                _("Without TLS only servers in MCP_ALLOWED_NETWORKS are reached, and there are none.")
            )
        return url

    def clean_fixed(self) -> dict[str, Any]:
        return self.cleaned_data["fixed"] or {}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        url = cleaned.get("url", "")
        if strange := [header.name for header in cleaned.get("headers", ()) if not header.goes_to(url)]:
            self.add_error(
                "headers", _("These are for another server: %(names)s.") % {"names": ", ".join(strange)}
            )
        return cleaned


class ToolServerAdmin(OwnFilters, RefusesStaleSaves, ModelAdmin):
    """What is saved is asked for its tools at once: what is wrong is said here and not to a visitor."""

    form = ToolServerForm
    list_display: ClassVar = ["name", "transport", "url", "enabled", "updated_at"]
    list_filter: ClassVar = ["enabled"]
    search_fields: ClassVar = ["name", "url"]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not form.instance.enabled:
            return
        try:
            tools = sorted(mcp.listed(form.instance.name))
        except ToolFailed:
            sentence = _("It does not answer: writers find no tools of it until it does.")
            self.message_user(request, sentence, messages.WARNING)
        else:
            shown = ", ".join(tools[:SHOWN_TOOLS]) + (", …" if len(tools) > SHOWN_TOOLS else "")
            self.message_user(request, _("It has these tools: %(names)s.") % {"names": shown or "-"})

    def has_delete_permission(self, request: HttpRequest, obj: ToolServer | None = None) -> bool:
        """One that a character's tool needs stays."""
        if obj is not None and _in_drafts("server_tool", f"{obj.name}/"):
            return False
        return super().has_delete_permission(request, obj)


def _in_drafts(option: str, words: str) -> bool:
    """Whether a tool of some character says this in an option, by its lines or by how they begin."""
    for tools in Character.objects.exclude(tools=[]).values_list("tools", flat=True):
        for tool in tools:
            lines = str((tool.get("options") or {}).get(option, "")).split()
            if any(line == words or (words.endswith("/") and line.startswith(words)) for line in lines):
                return True
    return False

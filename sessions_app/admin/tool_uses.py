"""Audit of tools in the admin: for moderators and operators to read and filter. It has no words."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from sessions_app.admin.lookups import OwnFilters
from sessions_app.models import ToolUse

COLOURS = {
    "ok": "success",
    "asked": "info",
    "declined": "info",
    "cancelled": "info",
    "limited": "warning",
    "refused": "warning",
    "timeout": "danger",
    "failed": "danger",
}


@admin.register(ToolUse)
class ToolUseAdmin(OwnFilters, ModelAdmin):
    list_display: ClassVar = ["at", "character", "tool", "kind", "came_of_it", "took", "conversation"]
    list_display_links: ClassVar = None
    list_filter: ClassVar = ["outcome"]
    date_hierarchy = "at"
    search_fields: ClassVar = ["=character", "=tool", "=kind"]
    search_help_text = _("The address of a character, a tool or a kind, whole.")
    show_full_result_count = False  # a table that grows with every call
    list_per_page = 50

    @display(description=_("outcome"), label=COLOURS, ordering="outcome")
    def came_of_it(self, use: ToolUse) -> tuple[str, Any]:
        return use.outcome, use.get_outcome_display()

    @display(description=_("duration"), ordering="took_ms")
    def took(self, use: ToolUse) -> str:
        return f"{number_format(use.took_ms, use_l10n=True)} ms"

    @display(description=_("conversation"))
    def conversation(self, use: ToolUse) -> str:
        address = reverse("admin:sessions_app_voicesession_change", args=[use.session_id])
        return format_html('<a href="{}">{}</a>', address, use.session_id)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ToolUse | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ToolUse | None = None) -> bool:
        return False

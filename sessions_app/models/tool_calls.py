"""Audit of tools: which tool of which character was called when, and what came of it. No words."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

OUTCOMES = {  # by the names of `sessions_app.session.Outcome`
    "ok": _("done"),
    "failed": _("failed"),
    "timeout": _("took too long"),
    "cancelled": _("interrupted"),
    "refused": _("refused"),
    "limited": _("too often"),
    "asked": _("visitor asked"),
    "declined": _("visitor declined"),
}


class ToolUse(models.Model):
    """One call of a tool. It outlives its session for as long as ended sessions are kept."""

    session_id = models.UUIDField(_("conversation"), db_index=True)
    character = models.CharField(_("character"), max_length=50)
    tool = models.CharField(_("tool"), max_length=40)
    kind = models.CharField(_("kind"), max_length=40)
    outcome = models.CharField(_("outcome"), max_length=12, choices=list(OUTCOMES.items()))
    at = models.DateTimeField(_("when"), db_index=True)
    took_ms = models.PositiveIntegerField(_("milliseconds"))

    class Meta:
        ordering: ClassVar = ["-at"]
        default_permissions: ClassVar = ("view",)
        verbose_name = _("use of a tool")
        verbose_name_plural = _("uses of tools")

    def __str__(self) -> str:
        return f"{self.character}: {self.tool}, {self.get_outcome_display()}"

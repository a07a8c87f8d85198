"""What a character remembers of visitors beyond one conversation: fields of the draft."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from characters.field_limits import MEMORY_KINDS

# What may be kept, and how a writer reads of it.
KIND_LABELS = (
    _("their name"),
    _("home, work, animals"),
    _("what they like"),
    _("what they plan"),
    _("what they ask to be remembered"),
    _("what the two talked about"),
)
KIND_CHOICES = list(zip(MEMORY_KINDS, KIND_LABELS, strict=True))
MEMORY_FIELDS = (
    "remembers",
    "memory_kinds",
    "memory_most",
    "memory_days",
    "memory_question",
    "returning_greeting",
)


def every_kind() -> list[str]:
    return list(MEMORY_KINDS)


class Remembering(models.Model):
    """The fields of a character that say what it may remember; each visitor is asked besides."""

    remembers = models.BooleanField(
        _("remembers visitors"),
        default=False,
        help_text=_("Beyond one conversation. Each visitor is asked first, and can look, correct and erase."),
    )
    memory_kinds = models.JSONField(_("what it remembers"), default=every_kind, blank=True)
    memory_most = models.PositiveSmallIntegerField(
        _("how many things"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
        help_text=_("Of each visitor; of more, those go that it has used least."),
    )
    memory_days = models.PositiveSmallIntegerField(
        _("for how many days"),
        default=180,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("After a thing was last said."),
    )
    memory_question = models.CharField(
        _("how it asks"),
        max_length=200,
        blank=True,
        help_text=_("One sentence that can be answered with yes or no; empty for the house's words."),
    )
    returning_greeting = models.TextField(
        _("greeting to those it remembers"),
        blank=True,
        help_text=_(
            "{{user}} is their name, {{memory}} what matters most of what it knows, such as “you have a dog "
            "called Pip”, {{memory::plan}} a question about a plan. Empty: the model greets them."
        ),
    )

    class Meta:
        abstract = True


def memory_defaults() -> dict[str, Any]:
    """What each of these fields is in a character of before there were any."""
    fields = (Remembering._meta.get_field(name) for name in MEMORY_FIELDS)
    return {field.name: field.get_default() for field in fields if isinstance(field, models.Field)}

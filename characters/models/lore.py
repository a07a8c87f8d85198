"""Lorebooks as editors write them, with the rules of Character Cards V2 and V3; one may be shared."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Lorebook(models.Model):
    """A lorebook of its own, which several characters may share.

    Where a character says nothing of how its lore is searched, the widest of its books' rules holds.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200)
    comment = models.TextField(_("comment"), blank=True, help_text=_("For you; never in a prompt."))
    lore_scan_depth = models.PositiveSmallIntegerField(
        _("how far back"),
        null=True,
        blank=True,
        help_text=_("How many messages are searched, where a character says nothing; empty for 6."),
    )
    lore_token_budget = models.PositiveIntegerField(
        _("room for lore"),
        null=True,
        blank=True,
        help_text=_("In tokens, on one turn, where a character says nothing; empty for 400."),
    )
    lore_recursive = models.BooleanField(
        _("entries call entries"),
        null=True,
        blank=True,
        help_text=_("May one entry's words call for another?"),
    )
    characters = models.ManyToManyField(
        "characters.Character", through="characters.SharedLorebook", related_name="books"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(_("last changed"), auto_now=True)

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        default_permissions: ClassVar = ()  # those of its entries hold
        verbose_name = _("shared lorebook")
        verbose_name_plural = _("shared lorebooks")

    def __str__(self) -> str:
        return self.name


class SharedLorebook(models.Model):
    """That a character uses a shared lorebook, and at which place among its books."""

    character = models.ForeignKey("characters.Character", on_delete=models.CASCADE, related_name="shared")
    book = models.ForeignKey(Lorebook, on_delete=models.CASCADE, related_name="shared")
    order = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["order", "pk"]
        default_permissions: ClassVar = ()
        verbose_name = _("use of a shared lorebook")
        verbose_name_plural = _("uses of shared lorebooks")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["character", "book"], name="one_use_of_a_book")
        ]

    def __str__(self) -> str:
        return f"{self.book}"


class LoreEntry(models.Model):
    """One entry of a lorebook, a character's own or a shared one. Its place in the book is `order`."""

    class Position(models.TextChoices):
        BEFORE = "before_char", _("before the description")
        AFTER = "after_char", _("after the description")

    character = models.ForeignKey(
        "characters.Character",
        on_delete=models.CASCADE,
        related_name="lore",
        null=True,
        blank=True,
        editable=False,
    )
    book = models.ForeignKey(
        Lorebook, on_delete=models.CASCADE, related_name="entries", null=True, blank=True, editable=False
    )
    uid = models.UUIDField(default=uuid.uuid4, editable=False)  # the same entry in every version
    revision = models.PositiveIntegerField(default=1, editable=False)  # goes up with each save of the entry
    order = models.PositiveIntegerField(_("order"), default=0)
    name = models.CharField(_("name"), max_length=200, blank=True, help_text=_("For you, to find it again."))
    keys = models.JSONField(
        _("keys"),
        default=list,
        blank=True,
        help_text=_("One a line: words that call for this entry when they are said."),
    )
    content = models.TextField(
        _("content"),
        blank=True,
        help_text=_("What the character knows then. Lines that begin with @@ are V3's decorators."),
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    constant = models.BooleanField(_("always"), default=False, help_text=_("Whatever is said."))
    selective = models.BooleanField(
        _("needs both"), default=False, help_text=_("A key and a secondary key must be there.")
    )
    secondary_keys = models.JSONField(
        _("secondary keys"), default=list, blank=True, help_text=_("One a line.")
    )
    case_sensitive = models.BooleanField(_("case matters"), null=True, blank=True)
    whole_words = models.BooleanField(
        _("whole words"), null=True, blank=True, help_text=_("“ship” does not find “shipment”.")
    )
    use_regex = models.BooleanField(
        _("keys are patterns"), default=False, help_text=_("Regular expressions.")
    )
    insertion_order = models.FloatField(
        _("insertion order"), default=100, help_text=_("Lower ones come earlier in the prompt.")
    )
    priority = models.FloatField(
        _("priority"),
        null=True,
        blank=True,
        help_text=_("When room is short, lower ones go first; empty: as insertion order."),
    )
    position = models.CharField(_("where"), max_length=20, blank=True, choices=Position.choices)
    comment = models.TextField(_("comment"), blank=True, help_text=_("For you; never in a prompt."))
    rest = models.TextField(default="{}", editable=False)  # what else the card's entry holds, JSON as text

    class Meta:
        ordering: ClassVar = ["order", "pk"]
        verbose_name = _("entry of a lorebook")
        verbose_name_plural = _("entries of lorebooks")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(character=None, book__isnull=False)
                | models.Q(character__isnull=False, book=None),
                name="an_entry_is_of_one_book",
            )
        ]

    def __str__(self) -> str:
        return self.name or ", ".join(map(str, self.keys[:3])) or gettext("an entry")

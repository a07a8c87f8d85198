"""Lorebook entries as editors write them, with the rules of Character Cards V2 and V3."""

from typing import ClassVar

from django.db import models


class LoreEntry(models.Model):
    """One entry of a character's lorebook. Its place in the book is `order`."""

    class Position(models.TextChoices):
        BEFORE = "before_char", "before the description"
        AFTER = "after_char", "after the description"

    character = models.ForeignKey("characters.Character", on_delete=models.CASCADE, related_name="lore")
    order = models.PositiveIntegerField(default=0, help_text="Its place in the book.")
    name = models.CharField(max_length=200, blank=True, help_text="For you, to find it again.")
    keys = models.JSONField(
        default=list, blank=True, help_text="One a line: words that call for this entry when they are said."
    )
    content = models.TextField(
        blank=True, help_text="What the character knows then. Lines that begin with @@ are V3's decorators."
    )
    enabled = models.BooleanField(default=True)
    constant = models.BooleanField("always", default=False, help_text="Whatever is said.")
    selective = models.BooleanField(
        "needs both", default=False, help_text="A key and a secondary key must be there."
    )
    secondary_keys = models.JSONField(default=list, blank=True, help_text="One a line.")
    case_sensitive = models.BooleanField("case matters", null=True, blank=True)
    whole_words = models.BooleanField(
        "whole words", null=True, blank=True, help_text="“ship” does not find “shipment”."
    )
    use_regex = models.BooleanField("keys are patterns", default=False, help_text="Regular expressions.")
    insertion_order = models.FloatField(default=100, help_text="Lower ones come earlier in the prompt.")
    priority = models.FloatField(
        null=True, blank=True, help_text="When room is short, lower ones go first; empty: as insertion order."
    )
    position = models.CharField("where", max_length=20, blank=True, choices=Position.choices)
    comment = models.TextField(blank=True, help_text="For you; never in a prompt.")
    rest = models.TextField(default="{}", editable=False)  # what else the card's entry holds, JSON as text

    class Meta:
        ordering: ClassVar = ["order", "pk"]
        verbose_name = "lore"
        verbose_name_plural = "lorebook"

    def __str__(self) -> str:
        return self.name or ", ".join(map(str, self.keys[:3])) or "an entry"

"""Open forms: who has a character's form open, and what they have typed without saving it yet."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class OpenForm(models.Model):
    """One editor's form of one character (of none yet: a new one), with what is typed in it.

    `seen` is what the form showed of the stored character, see `characters.admin.editing`; `fields` is what
    was typed since, as the page sends it. Both are JSON as text: jsonb refuses some of what somebody types.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    character = models.ForeignKey(
        "characters.Character", on_delete=models.CASCADE, null=True, related_name="open_forms"
    )
    open_at = models.DateTimeField(null=True)  # the page's last sign of life
    kept_at = models.DateTimeField(null=True)  # when `fields` came; None: nothing unsaved
    seen = models.TextField(default="{}")
    fields = models.TextField(default="[]")
    portrait = models.BinaryField(
        null=True
    )  # one that was chosen and not saved, as the square that it becomes

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "character"], name="one_form_an_editor", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.character_id or 'a new character'}"

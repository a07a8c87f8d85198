"""Published versions: what was published, when and by whom."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from characters.exceptions import VersionImmutable


class CharacterVersion(models.Model):
    """One immutable state of a character, published or kept. A trigger in the database holds to it, too."""

    character = models.ForeignKey("characters.Character", on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()  # see characters.content
    digest = models.CharField(max_length=64)
    note = models.CharField(max_length=200, blank=True)
    kept_draft = models.BooleanField(default=False, db_default=False)  # never on stage: kept by a roll-back
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-number"]
        verbose_name = _("version of a character")
        verbose_name_plural = _("versions of characters")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["character", "number"], name="one_version_a_number")
        ]

    def __str__(self) -> str:
        return gettext("version %(number)d") % {"number": self.number}

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise VersionImmutable
        super().save(*args, **kwargs)

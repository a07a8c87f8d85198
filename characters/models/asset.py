"""Files that came inside a character's card: kept so that its export has them again."""

from typing import ClassVar

from django.db import models


class CharacterAsset(models.Model):
    """A file out of a card. `path` is its place in a CHARX file; '' is the card's own picture.

    `portrait` is the portrait that was made of it: as long as that is the character's, the original
    is exported instead.
    """

    character = models.ForeignKey("characters.Character", on_delete=models.CASCADE, related_name="assets")
    path = models.CharField(max_length=1100, blank=True)
    data = models.BinaryField()
    portrait = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["character", "path"], name="one_asset_a_path")
        ]

    def __str__(self) -> str:
        return self.path or "the card's picture"

"""What a character remembers of a visitor from one session to the next, sealed; and whether it may."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from characters.models import Character
from sessions_app.crypto import SealedRow


class VisitorMemory(models.Model):
    """One visitor's consent to being remembered by one character, and the owner of what it remembers.

    Nothing is ever erased from it in place: whoever says no gets a new row, and the old one's id goes into
    the journal of erasures, so that no backup brings back what hung on it.
    """

    class Consent(models.TextChoices):
        NOT_ASKED = "", _("not asked")
        YES = "yes", _("yes")
        NO = "no", _("no")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    visitor = models.CharField(max_length=80)  # user:<pk> or anon:<hash>, see visitors.py
    character = models.ForeignKey(
        Character, on_delete=models.CASCADE, to_field="slug", db_column="character", related_name="+"
    )
    consent = models.CharField(max_length=3, choices=Consent.choices, default=Consent.NOT_ASKED, blank=True)
    consent_at = models.DateTimeField(null=True)
    active_at = models.DateTimeField(db_index=True)  # when the visitor was last here, or said yes or no
    revision = models.BigIntegerField(default=0, db_default=0)  # counts changes of what is remembered

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["visitor", "character"], name="one_memory_a_character")
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def told_revision(self) -> str:
        """As `stores.statements.APPEND` tells it: another one for whatever else is remembered."""
        return f"{self.id}.{self.revision}"


class MemoryKey(SealedRow):
    """The data key of what a character remembers of a visitor. Backups leave this table out, as DataKey."""

    owner = models.OneToOneField(
        VisitorMemory, on_delete=models.CASCADE, primary_key=True, related_name="data_key"
    )

    class Meta:
        verbose_name_plural = "memory keys"

    def __str__(self) -> str:
        return f"{self.owner_id} under {self.key_id}"


class SealedMemory(models.Model):
    """One fact or episode. In the clear are ids, times and a count; a vector, once made, is sealed, too."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(VisitorMemory, on_delete=models.CASCADE, related_name="memories")
    sealed = models.BinaryField()
    sealed_vector = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField()  # last told to the model, or told by the visitor
    uses = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)  # by the character's own number of days

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]

    def __str__(self) -> str:
        return str(self.id)

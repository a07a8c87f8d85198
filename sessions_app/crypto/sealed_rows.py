"""Sealed rows keep a secret of our own operation: a data key for each, wrapped by the key ring.

What a row seals opens in that row only (`seal_id`), and where it says that it belongs (`bound`).
"""

from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models

from sessions_app.crypto.keyring import WrappedKey, key_ring
from sessions_app.crypto.sealer import Sealer
from sessions_app.exceptions import RecordUnreadable


class SealedRow(models.Model):
    """A model with secrets. Sealed columns are its own; here are the key and its rotation."""

    key_id = models.CharField(max_length=32, blank=True, editable=False)
    wrapped_key = models.BinaryField(null=True, editable=False)
    objects: ClassVar[models.Manager[Self]]

    class Meta:
        abstract = True

    @property
    def seal_id(self) -> UUID:
        """What the row is called in its seals: random, and never another row's; its primary key is."""
        key: UUID = self.pk
        return key

    def new_sealer(self) -> Sealer:
        """Seals under a fresh data key; what was sealed under the one before does not open any more."""
        data_key, wrapped = key_ring().new_data_key(self.seal_id)
        self.key_id, self.wrapped_key = wrapped.key_id, wrapped.data
        return Sealer(data_key, self.seal_id)

    def sealer(self) -> Sealer:
        """Opens what the row has sealed. Raises RecordUnreadable."""
        wrapped = WrappedKey(self.key_id, bytes(self.wrapped_key or b""))
        return Sealer(key_ring().unwrap(wrapped, self.seal_id), self.seal_id)

    @classmethod
    def rewrap_all(cls, **_: Any) -> str:
        """Receiver of `keys_rotated`: rewraps the data keys that an older key wraps.

        Gives back a sentence about those that stay closed, or ''.
        """
        ring, lost = key_ring(), 0
        for row in cls.objects.exclude(key_id__in=["", ring.active]):
            try:
                wrapped_now = WrappedKey(row.key_id, bytes(row.wrapped_key or b""))
                wrapped = ring.wrap(ring.unwrap(wrapped_now, row.seal_id), row.seal_id)
            except RecordUnreadable:
                lost += 1
                continue
            # One that was sealed anew meanwhile is under the active key already.
            cls.objects.filter(pk=row.pk, key_id=row.key_id, wrapped_key=row.wrapped_key).update(
                key_id=wrapped.key_id, wrapped_key=wrapped.data
            )
        return (
            f"{lost} {cls._meta.verbose_name_plural} could not be rewrapped: the key that wraps their "
            "secrets is not in SESSION_KEYS."
            if lost
            else ""
        )

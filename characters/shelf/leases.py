"""Leases: one process at a time reads a document; after a killed one another goes on where it stopped."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from characters.models import Character, Document, DocumentPiece
from characters.text import Reason, cleaned
from characters.versions import publishing

LEASE_SECS = 60.0  # longer than any step but reading, which has its own
READING_SECS = 300.0
HEADING_CHARACTERS = 500


class Lease:
    """A document that the caller alone works at. `take` gives one; each step says whether it still holds."""

    def __init__(self, document: Document, holder: uuid.UUID):
        self.document, self._holder = document, holder

    @classmethod
    def take(cls, secs: float = READING_SECS) -> "Lease | None":
        """The oldest document with work to do that nobody holds; None if there is none."""
        free = Q(lease_until=None) | Q(lease_until__lt=Now())
        with transaction.atomic():
            row = (
                Document.objects.select_for_update(skip_locked=True, no_key=True)
                .filter(free, state__in=(Document.State.WAITING, Document.State.EMBEDDING))
                .order_by("pk")
                .first()
            )
            if row is None:
                return None
            holder = uuid.uuid4()
            Document.objects.filter(pk=row.pk).update(lease_by=holder, lease_until=_in(secs))
        return cls(row, holder)

    def _mine(self) -> Any:
        return Document.objects.filter(pk=self.document.pk, lease_by=self._holder)

    def extend(self, secs: float = LEASE_SECS) -> bool:
        """False if it is another's by now, or the document is gone."""
        return bool(self._mine().update(lease_until=_in(secs)))

    def give_back(self) -> None:
        """Somebody else may go on at once."""
        self._mine().update(lease_by=None, lease_until=None)

    def fail(self, reason: Reason) -> bool:
        """It cannot be used; the reason is for its writer."""
        done = self._mine().update(
            state=Document.State.FAILED,
            trouble=[reason.template, {name: str(value) for name, value in reason.values.items()}],
            original=None,
            lease_by=None,
            lease_until=None,
        )
        return bool(done)

    def keep_pieces(self, title: str, kind: str, pieces: Sequence[tuple[str, str]]) -> bool:
        """It was read: keeps its pieces (heading, text), and the file no more."""
        with transaction.atomic():
            if not self._mine().select_for_update(no_key=True).exists():
                return False
            self._keep_pieces(title, kind, pieces)
        self.document.refresh_from_db(fields=["title", "kind", "state", "piece_count", "embedded_count"])
        return True

    def _keep_pieces(self, title: str, kind: str, pieces: Sequence[tuple[str, str]]) -> None:
        self.document.pieces.all().delete()
        DocumentPiece.objects.bulk_create(
            (
                DocumentPiece(
                    document=self.document,
                    order=order,
                    heading=cleaned(heading)[:HEADING_CHARACTERS],
                    text=cleaned(text),
                )
                for order, (heading, text) in enumerate(pieces)
            ),
            batch_size=500,
        )
        self._mine().update(
            title=cleaned(title).strip()[:200] or F("title"),
            kind=kind,
            original=None,
            state=Document.State.EMBEDDING,
            piece_count=len(pieces),
            embedded_count=0,
            lease_until=_in(LEASE_SECS),
        )

    def lacking(self, most: int) -> list[DocumentPiece]:
        """The next pieces without a vector."""
        return list(self.document.pieces.filter(vector=None).order_by("order")[:most])

    def keep_vectors(self, vectors: Mapping[int, bytes]) -> bool:
        """Keeps the vectors of pieces, by their number in the database; at the last one it is ready."""
        with transaction.atomic():
            if not self._mine().select_for_update(no_key=True).exists():
                return False
            ready = self._keep_vectors(vectors)
        if ready:
            self._tell()
        return True

    def _keep_vectors(self, vectors: Mapping[int, bytes]) -> bool:
        """Whether that was all of them."""
        rows = [DocumentPiece(pk=pk, vector=vector) for pk, vector in vectors.items()]
        DocumentPiece.objects.bulk_update(rows, ["vector"], batch_size=200)
        self._mine().update(embedded_count=F("embedded_count") + len(rows), lease_until=_in(LEASE_SECS))
        if self.document.pieces.filter(vector=None).exists():
            return False
        self._mine().update(
            state=Document.State.READY, embedded_count=F("piece_count"), lease_by=None, lease_until=None
        )
        return True

    def _tell(self) -> None:
        """Whoever has it finds what is in it from the next turn on, in every process."""
        for character in self.document.characters.all():
            publishing.announce(character.slug, None, draft=True)
        named = {"documents": [{"sha256": self.document.sha256}]}
        on_stage = Character.objects.filter(published__content__contains=named).select_related("published")
        for character in on_stage:
            if character.published:
                publishing.announce(character.slug, character.published.number)


def _in(secs: float) -> Any:
    """So many seconds from now, by the database's clock, which all processes share."""
    return Now() + timedelta(seconds=secs)

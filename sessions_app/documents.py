"""Documents in the journal of erasures: one that was deleted for good stays so after a restore."""

from typing import Any
from uuid import UUID

from characters import shelf
from characters.models import Document
from sessions_app.database import database_clock
from sessions_app.models import Erasure

JOURNALLED = f"""
    SELECT d.* FROM "{Document._meta.db_table}" d JOIN "{Erasure._meta.db_table}" e
    ON e.session_id = left(d.sha256, 32)::uuid AND d.added_at < e.erased_at
"""  # noqa: S608


def note(sha256: str, **_: Any) -> None:
    """Signal receiver: enters one that is being deleted."""
    when = {"erased_at": database_clock()}
    Erasure.objects.update_or_create(session_id=UUID(sha256[:32]), defaults=when)


def erase_again() -> int:
    """Deletes what the journal names and a restored backup has brought back; returns how many."""
    found = list(Document.objects.raw(JOURNALLED))
    for document in found:
        shelf.delete(document)
    return len(found)

"""Sessions written through to PostgreSQL and read from the cache, in the manner of Django's cached_db.

PostgreSQL decides every change and counts it; the cache only spares reads. What it holds is as sealed as the
row. Of two writers the one with the higher count stays, whichever comes to the cache first; a reader only
fills an empty place, so that a slow one never covers a newer state, and what was erased leaves its place
taken for a while. Appending turns leaves the entry alone, to cost one statement and nothing else: its count
of turns is that of the last change, and a live connection makes one every twenty seconds.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.cache import cache

from sessions_app.exceptions import ServerFull
from sessions_app.records import Record
from sessions_app.stores.base import Condition, Removed
from sessions_app.stores.cache import locked
from sessions_app.stores.db import DatabaseStore

PREFIX = "greenroom:1:record"
CACHE_SECS = 300
NOTHING: dict[str, Any] = {}  # takes the place of what was forgotten
FORGOTTEN_SECS = 5  # longer than any reader takes


def _key(session_id: UUID) -> str:
    return f"{PREFIX}:{session_id.hex}"


class CachedDatabaseStore(DatabaseStore):
    def create(self, record: Record) -> None:
        super().create(record)
        cache.set(_key(record.id), record.as_dict(), CACHE_SECS)

    def load(self, session_id: UUID) -> Record | None:
        values = cache.get(_key(session_id))
        if values:
            return Record(**values)
        record = super().load(session_id)
        if record is not None:
            cache.add(_key(session_id), record.as_dict(), CACHE_SECS)
        return record

    def change(self, session_id: UUID, changes: Mapping[str, Any], condition: Condition) -> Record | None:
        record = super().change(session_id, changes, condition)
        if record is None:
            self._forget(session_id)
        else:
            self._keep(record)
        return record

    def _keep(self, record: Record) -> None:
        """Puts a change into the cache, unless a later one is there already."""
        key = _key(record.id)
        try:
            with locked(record.id.hex):
                there = cache.get(key)
                if not there or there["revision"] < record.revision:
                    cache.set(key, record.as_dict(), CACHE_SECS)
        except ServerFull:  # somebody holds the lock and does not let go
            self._forget(record.id)

    @staticmethod
    def _forget(session_id: UUID) -> None:
        """The next reader asks PostgreSQL; one that asked before this does not fill the place."""
        cache.set(_key(session_id), NOTHING, FORGOTTEN_SECS)

    def delete(self, session_id: UUID) -> Removed:
        removed = super().delete(session_id)
        self._forget(session_id)
        return removed

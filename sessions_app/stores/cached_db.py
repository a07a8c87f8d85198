"""Cached database store: written through to PostgreSQL, read from the cache, as Django's cached_db is.

PostgreSQL decides every change and counts it; the cache only spares reads, and when it is away nothing but
that is lost. What it holds is as sealed as the row.

- Of two writers the one with the higher count stays, whichever comes to the cache first. One that comes too
  late, or could not write, leaves nothing there.
- A reader fills an empty place only, so that a slow one never covers a newer state.
- What was erased leaves its place taken: neither a slow reader nor a slow writer brings it back.
- Nothing is put there before its transaction is committed, and nothing is read from there within one.

Appending turns leaves the entry alone, to cost one statement and nothing else: its count of turns is that of
the last change, and a live connection makes one every twenty seconds.
"""

import threading
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from sessions_app import shared_cache
from sessions_app.crypto import WrappedKey
from sessions_app.exceptions import ServerFull
from sessions_app.shared_cache import AWAY, breaker
from sessions_app.stores.base import Condition, Expired, Removed
from sessions_app.stores.db import DatabaseStore
from sessions_app.stores.records import RECORD_FIELDS, Record

RECORD_PREFIX = "greenroom:2:record"
RECORD_SECS = 30  # that an entry lasts which a process could not take away, because it died
TAKEN = "taken"  # in the place of what was forgotten
LATE_SECS = 10.0  # after which a change is not put into the cache any more
TAKEN_SECS = 60  # longer than any reader or writer takes


def _key(session_id: UUID) -> str:
    return f"{RECORD_PREFIX}:{session_id.hex}"


class CachedDatabaseStore(DatabaseStore):
    def __init__(self) -> None:
        # Whose entries may be older than the row, because the cache was away when it changed.
        self._owed: set[UUID] = set()
        self._lock = threading.Lock()

    def load(self, session_id: UUID, *, fresh: bool = False) -> Record | None:
        if fresh or connection.in_atomic_block:
            return super().load(session_id)
        found = self._read(session_id)
        if found == TAKEN:
            return super().load(session_id)
        if found and (record := shared_cache.unpacked(Record, found, RECORD_FIELDS)):
            return record
        record = super().load(session_id)
        if record is not None:
            self._cached(lambda cache: cache.add(_key(session_id), shared_cache.packed(record), RECORD_SECS))
        return record

    def change(self, session_id: UUID, changes: Mapping[str, Any], condition: Condition) -> Record | None:
        began = time.monotonic()
        record = super().change(session_id, changes, condition)

        def committed() -> None:
            if record is None or time.monotonic() - began > LATE_SECS:
                self._forget([session_id])
            else:
                self._keep(record)

        transaction.on_commit(committed)
        return record

    def rewrap(self, session_id: UUID, was: WrappedKey, wrapped: WrappedKey) -> bool:
        done = super().rewrap(session_id, was, wrapped)
        transaction.on_commit(lambda: self._forget([session_id]))
        return done

    def delete(self, session_ids: Collection[UUID]) -> Removed:
        removed = super().delete(session_ids)
        transaction.on_commit(lambda: self._forget(session_ids))
        return removed

    def expire(self, now: Any, limit: int) -> list[Expired]:
        expired = super().expire(now, limit)
        transaction.on_commit(lambda: self._forget([session.id for session in expired]))
        return expired

    # --- the cache ---

    def _cached(self, act: Any) -> Any:
        """What `act(cache)` gives; None if the cache is away. What is owed to it comes first."""
        if breaker.rests:
            return None
        try:
            self._pay()
            answer = act(shared_cache.shared())
        except AWAY as error:
            breaker.failed(error)
            return None
        breaker.answered()
        return answer

    def _pay(self) -> None:
        """Takes away entries that could not be taken away when it was due."""
        with self._lock:
            owed, self._owed = self._owed, set()
        try:
            self._take(owed)
        except AWAY:
            with self._lock:
                self._owed |= owed
            raise

    def _read(self, session_id: UUID) -> Any:
        return self._cached(lambda cache: cache.get(_key(session_id)))

    def _keep(self, record: Record) -> None:
        """Puts a change into the cache, unless a later one is there already, or it was forgotten."""

        def keep(cache: Any) -> bool:
            key = _key(record.id)
            with shared_cache.locked(key + ":lock") as still_held:
                there = cache.get(key)
                known = (
                    shared_cache.unpacked(Record, there, RECORD_FIELDS) if there and there != TAKEN else None
                )
                if there != TAKEN and (known is None or known.revision < record.revision) and still_held():
                    cache.set(key, shared_cache.packed(record), RECORD_SECS)
            return True

        try:
            kept = self._cached(keep)
        except ServerFull:  # somebody holds the lock and does not let go
            kept = False
        if not kept:
            self._forget([record.id])

    def _forget(self, session_ids: Iterable[UUID]) -> None:
        """The next reader asks PostgreSQL; one that asked before this does not fill the place."""
        ids = set(session_ids)

        def take(_: Any) -> bool:
            self._take(ids)
            return True

        if not self._cached(take):
            with self._lock:
                self._owed |= ids

    @staticmethod
    def _take(session_ids: Collection[UUID]) -> None:
        if session_ids:
            shared_cache.shared().set_many(dict.fromkeys(map(_key, session_ids), TAKEN), TAKEN_SECS)

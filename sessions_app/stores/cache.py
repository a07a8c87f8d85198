"""Sessions in Django's cache alone, so django-redis in production: fast, and gone with the cache.

A short lock (an `add` that only one can win) makes each change atomic. Entries outlive SESSION_RETENTION
by nothing: the cache itself drops what nobody swept.
"""

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache

from sessions_app.exceptions import ServerFull, SessionNotFound
from sessions_app.models import VoiceSession
from sessions_app.records import Record, Summary, TurnRecord
from sessions_app.stores.base import Condition, Removed, Store

PREFIX = "greenroom:1:session"
LOCK_SECS = 5  # after which a lock whose holder died is free again
TRY_SECS = 0.002


def _key(session_id: UUID, what: str = "") -> str:
    return f"{PREFIX}:{session_id.hex}{what}"


def _keep_secs() -> int:
    return int(settings.SESSION_MAX_DURATION + settings.SESSION_RETENTION)


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Holds a lock of this name. Raises ServerFull if it cannot be had within LOCK_SECS."""
    key, holder = f"{PREFIX}:lock:{name}", secrets.token_hex(8)
    until = time.monotonic() + LOCK_SECS
    while not cache.add(key, holder, LOCK_SECS):
        if time.monotonic() > until:
            raise ServerFull("The session store is too busy. Try again in a moment.")
        time.sleep(TRY_SECS)
    try:
        yield
    finally:
        if cache.get(key) == holder:
            cache.delete(key)


class CacheStore(Store):
    def _set(self, record: Record) -> None:
        cache.set(_key(record.id), record.as_dict(), _keep_secs())

    def _index(self, name: str, change: Callable[[set[UUID]], set[UUID]]) -> None:
        with locked(f"index:{name}"):
            cache.set(f"{PREFIX}:index:{name}", change(self._ids(name)), _keep_secs())

    def _ids(self, name: str) -> set[UUID]:
        return set(cache.get(f"{PREFIX}:index:{name}") or ())

    def _records(self, name: str) -> list[Record]:
        ids = {_key(session_id): session_id for session_id in self._ids(name)}
        return [Record(**values) for values in cache.get_many(ids).values()]

    def create(self, record: Record) -> None:
        self._set(record)
        for name in ("all", record.visitor):
            self._index(name, lambda ids: ids | {record.id})

    def load(self, session_id: UUID) -> Record | None:
        values = cache.get(_key(session_id))
        return Record(**values) if values else None

    def change(self, session_id: UUID, changes: Mapping[str, Any], condition: Condition) -> Record | None:
        with locked(session_id.hex):
            record = self.load(session_id)
            if record is None or not condition.holds(record):
                return None
            record = replace(record, **changes, revision=record.revision + 1)
            self._set(record)
            return record

    def delete(self, session_id: UUID) -> Removed:
        with locked(session_id.hex):
            record = self.load(session_id)
            if record is None:
                return Removed()
            turns = len(self.turns(session_id))
            summaries = int(self.summary(session_id) is not None)
            cache.delete_many(
                [
                    _key(session_id),
                    _key(session_id, ":summary"),
                    *(_key(session_id, f":turn:{number}") for number in range(1, record.turns + 1)),
                ]
            )
        for name in ("all", record.visitor):
            self._index(name, lambda ids: ids - {session_id})
        return Removed(1, turns, summaries)

    def append(self, session_id: UUID, turns: Sequence[TurnRecord]) -> list[int]:
        with locked(session_id.hex):
            record = self.load(session_id)
            if record is None:
                raise SessionNotFound
            refused = []
            for turn in turns:
                key = _key(session_id, f":turn:{turn.sequence}")
                if not cache.add(key, turn.as_dict(), _keep_secs()):
                    there = cache.get(key)
                    if there is None or there["sealed"] != turn.sealed:
                        refused.append(turn.sequence)
            self._set(replace(record, turns=max(record.turns, *(turn.sequence for turn in turns))))
            return refused

    def turns(self, session_id: UUID, *, after: int = 0, newest: int | None = None) -> list[TurnRecord]:
        record = self.load(session_id)
        if record is None:
            return []
        first = max(after, record.turns - newest if newest is not None else 0)
        keys = [_key(session_id, f":turn:{number}") for number in range(first + 1, record.turns + 1)]
        found = cache.get_many(keys)
        return [TurnRecord(**found[key]) for key in keys if key in found]

    def summary(self, session_id: UUID) -> Summary | None:
        values = cache.get(_key(session_id, ":summary"))
        return Summary(**values) if values else None

    def summarise(self, session_id: UUID, summary: Summary) -> bool:
        with locked(session_id.hex):
            old = self.summary(session_id)
            if self.load(session_id) is None or (old and old.upto >= summary.upto):
                return False
            cache.set(_key(session_id, ":summary"), summary.as_dict(), _keep_secs())
            return True

    def of_visitor(self, visitor: str) -> list[Record]:
        return sorted(self._records(visitor), key=lambda record: record.active_at, reverse=True)

    def expired(self, now: datetime, limit: int) -> list[UUID]:
        due = [r for r in self._records("all") if r.state in VoiceSession.LIVE and r.expires_at <= now]
        return [record.id for record in due][:limit]

    def past_retention(self, ended_before: datetime, limit: int) -> list[UUID]:
        over = [r for r in self._records("all") if r.state not in VoiceSession.LIVE]
        return [r.id for r in over if r.ended_at and r.ended_at <= ended_before][:limit]

    def wrapped_by_others(self, key_id: str, after: UUID | None, limit: int) -> list[Record]:
        found = sorted((r for r in self._records("all") if r.key_id != key_id), key=lambda r: r.id)
        return [r for r in found if after is None or r.id > after][:limit]

"""Cache store: sessions in Django's cache alone (django-redis in production), fast, and gone with it.

A lock for each session makes each change atomic. Entries outlive SESSION_RETENTION by nothing: the cache
itself drops what nobody swept. A cache that is away is `Unavailable`, as a database would be.
"""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from sessions_app import shared_cache
from sessions_app.exceptions import ServerFull, SessionNotFound
from sessions_app.models import VoiceSession
from sessions_app.outbox import SESSION_FACTS, facts_of
from sessions_app.stores.base import (
    Appended,
    Condition,
    Expired,
    PageEnd,
    Removed,
    Room,
    Store,
    changed,
    cut,
    never_used,
    page_of,
)
from sessions_app.stores.records import (
    RECORD_FIELDS,
    SUMMARY_FIELDS,
    TURN_FIELDS,
    Record,
    SummaryRecord,
    TurnRecord,
)

SESSION_PREFIX = "greenroom:2:session"
State = VoiceSession.State


def _key(session_id: UUID, what: str = "") -> str:
    return f"{SESSION_PREFIX}:{session_id.hex}{what}"


def _keep_secs() -> int:
    return int(settings.SESSION_MAX_DURATION + settings.SESSION_RETENTION)


class CacheStore(Store):
    @property
    def _cache(self) -> Any:
        return shared_cache.shared()

    def _index(self, name: str) -> shared_cache.IdSet:
        return shared_cache.IdSet(f"{SESSION_PREFIX}:index:{name}", _keep_secs())

    @contextlib.contextmanager
    def _held(self, session_id: UUID) -> Iterator[Callable[[Record], None]]:
        """Holds the session's lock; gives a function that writes its record while it is held."""
        with shared_cache.locked(_key(session_id, ":lock")) as still_held:

            def write(record: Record) -> None:
                if not still_held():
                    raise ServerFull("The session store is too busy. Try again in a moment.")
                self._cache.set(_key(record.id), shared_cache.packed(record), _keep_secs())

            yield write

    def _records(self, name: str) -> list[Record]:
        keys = [_key(session_id) for session_id in self._index(name).ids()]
        found = (self._record(text) for text in self._cache.get_many(keys).values())
        return [record for record in found if record is not None]

    @staticmethod
    def _record(text: Any) -> Record | None:
        return shared_cache.unpacked(Record, text, RECORD_FIELDS) if text else None

    def create(self, record: Record) -> None:
        self._cache.set(_key(record.id), shared_cache.packed(record), _keep_secs())
        for name in ("all", record.visitor):
            self._index(name).add(record.id)

    def load(self, session_id: UUID, *, fresh: bool = False) -> Record | None:
        return self._record(self._cache.get(_key(session_id)))

    def change(self, session_id: UUID, changes: Mapping[str, Any], condition: Condition) -> Record | None:
        room = condition.room
        if room is None:
            return self._change(session_id, changes, condition)
        with shared_cache.locked(f"{SESSION_PREFIX}:lock:{room.visitor}"):
            if self.active(room, session_id) >= room.most:
                return None
            return self._change(session_id, changes, condition)

    def _change(self, session_id: UUID, changes: Mapping[str, Any], condition: Condition) -> Record | None:
        with self._held(session_id) as write:
            record = self.load(session_id)
            if record is None or not condition.holds(record):
                return None
            record = changed(record, changes)
            write(record)
            return record

    def delete(self, session_ids: Collection[UUID]) -> Removed:
        return sum((self._delete(session_id) for session_id in session_ids), Removed())

    def _delete(self, session_id: UUID) -> Removed:
        with self._held(session_id):
            record = self.load(session_id)
            if record is None:
                return Removed()
            numbers = self._numbers(session_id)
            summaries = int(self.summary(session_id) is not None)
            self._cache.delete_many(
                [
                    _key(session_id),
                    _key(session_id, ":summary"),
                    _key(session_id, ":turns"),
                    *(_key(session_id, f":turn:{number}") for number in numbers),
                ]
            )
        for name in ("all", record.visitor):
            self._index(name).discard(session_id)
        return Removed(1, len(numbers), summaries)

    # --- turns and summaries ---

    def _identities(self, session_id: UUID) -> dict[int, str]:
        """Which turn stands at which sequence number."""
        found = self._cache.get(_key(session_id, ":turns"), {})
        return {int(number): identity for number, identity in found.items()}

    def _numbers(self, session_id: UUID) -> list[int]:
        """The sequence numbers of a session's turns, in order."""
        return sorted(self._identities(session_id))

    def append(self, session_id: UUID, turns: Sequence[TurnRecord]) -> Appended:
        with self._held(session_id) as write:
            record = self.load(session_id)
            if record is None:
                raise SessionNotFound
            there = self._identities(session_id)
            known, refused, added = set(there.values()), [], []
            for turn in turns:
                if turn.identity.hex in known:
                    continue
                if turn.sequence in there:
                    refused.append(turn.sequence)
                    continue
                key = _key(session_id, f":turn:{turn.sequence}")
                self._cache.set(key, shared_cache.packed(turn), _keep_secs())
                there[turn.sequence] = turn.identity.hex
                added.append(turn.identity)
            self._cache.set(_key(session_id, ":turns"), there, _keep_secs())
            write(replace(record, turns=len(there)))
            return Appended(refused, record.connection, added=added)

    def _read(self, session_id: UUID, numbers: Sequence[int]) -> list[TurnRecord]:
        keys = [_key(session_id, f":turn:{number}") for number in numbers]
        found = self._cache.get_many(keys)
        turns = (shared_cache.unpacked(TurnRecord, found.get(key), TURN_FIELDS) for key in keys)
        return [turn for turn in turns if turn is not None]

    def turns(
        self, session_id: UUID, *, after: int = 0, newest: int | None = None, oldest: int | None = None
    ) -> list[TurnRecord]:
        numbers = [number for number in self._numbers(session_id) if number > after]
        return self._read(session_id, cut(numbers, newest, oldest))

    def first_words(self, session_ids: Sequence[UUID]) -> dict[UUID, TurnRecord]:
        found = {}
        for key in session_ids:
            turns = self._read(key, self._numbers(key)[:4])
            if first := next((turn for turn in turns if turn.role == "user"), None):
                found[key] = first
        return found

    def newest_turns(self, session_ids: Sequence[UUID], most: int) -> dict[UUID, list[TurnRecord]]:
        found: dict[UUID, list[TurnRecord]] = {}
        for key in session_ids:
            if most <= 0:
                break
            found[key] = self.turns(key, newest=most)[::-1]
            most -= len(found[key])
        return found

    def summary(self, session_id: UUID) -> SummaryRecord | None:
        text = self._cache.get(_key(session_id, ":summary"))
        return shared_cache.unpacked(SummaryRecord, text, SUMMARY_FIELDS) if text else None

    def summarise(self, session_id: UUID, summary: SummaryRecord) -> bool:
        with self._held(session_id):
            old = self.summary(session_id)
            if self.load(session_id) is None or (old and old.upto >= summary.upto):
                return False
            self._cache.set(_key(session_id, ":summary"), shared_cache.packed(summary), _keep_secs())
            return True

    # --- many sessions at once ---

    def of_visitor(
        self, visitor: str, *, character: str = "", after: PageEnd | None = None, limit: int | None = None
    ) -> list[Record]:
        return page_of(self._records(visitor), character, after, limit)

    def active(self, room: Room, but: UUID | None = None) -> int:
        return sum(room.counts(record) for record in self._records(room.visitor) if record.id != but)

    def expire(self, now: datetime, limit: int) -> list[Expired]:
        due = [r for r in self._records("all") if r.state in VoiceSession.LIVE and r.expires_at <= now]
        over = {"state": State.EXPIRED, "end_reason": "expired", "ended_at": now}
        found = []
        for record in due[:limit]:
            # One that was used in the very moment lives on.
            condition = Condition(VoiceSession.LIVE, {"expires_at": record.expires_at})
            ended = self._change(record.id, {**over, "connection": None, "token_hash": ""}, condition)
            if ended:
                facts = facts_of(ended, SESSION_FACTS)
                found.append(Expired(record.id, record.connection is not None, facts))
        return found

    def unused(self, untouched_since: datetime, limit: int) -> list[UUID]:
        due = [r for r in self._records("all") if never_used(r) and r.active_at <= untouched_since]
        return [record.id for record in sorted(due, key=lambda record: record.active_at)][:limit]

    def past_retention(self, ended_before: datetime, limit: int) -> list[UUID]:
        over = [r for r in self._records("all") if r.state not in VoiceSession.LIVE]
        return [r.id for r in over if r.ended_at and r.ended_at <= ended_before][:limit]

    def due(self, now: datetime, ended_before: datetime) -> tuple[int, int]:
        records = self._records("all")
        out = sum(r.state in VoiceSession.LIVE and r.expires_at <= now for r in records)
        over = [r for r in records if r.state not in VoiceSession.LIVE]
        return out, sum(r.ended_at is not None and r.ended_at <= ended_before for r in over)

    def wrapped_by_others(self, key_id: str, after: UUID | None, limit: int) -> list[Record]:
        found = sorted((r for r in self._records("all") if r.key_id != key_id), key=lambda r: r.id)
        return [r for r in found if after is None or r.id > after][:limit]

    def count_wrapped_by_others(self, key_id: str) -> int:
        return sum(r.key_id != key_id for r in self._records("all"))

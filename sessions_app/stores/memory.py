"""Memory store: sessions in the memory of one process, for trying things out, and for tests."""

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sessions_app.exceptions import SessionNotFound
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
from sessions_app.stores.records import Record, SummaryRecord, TurnRecord

State = VoiceSession.State


class MemoryStore(Store):
    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._records: dict[UUID, Record] = {}
        self._turns: dict[UUID, dict[int, TurnRecord]] = {}
        self._summaries: dict[UUID, SummaryRecord] = {}

    def create(self, record: Record) -> None:
        with self._lock:
            self._records[record.id] = record
            self._turns[record.id] = {}

    def load(self, session_id: UUID, *, fresh: bool = False) -> Record | None:
        return self._records.get(session_id)

    def change(self, session_id: UUID, changes: Mapping[str, Any], condition: Condition) -> Record | None:
        with self._lock:
            record = self._records.get(session_id)
            if record is None or not condition.holds(record):
                return None
            room = condition.room
            if room is not None and self.active(room, session_id) >= room.most:
                return None
            self._records[session_id] = changed(record, changes)
            return self._records[session_id]

    def delete(self, session_ids: Collection[UUID]) -> Removed:
        removed = Removed()
        with self._lock:
            for session_id in session_ids:
                found = self._records.pop(session_id, None)
                turns = self._turns.pop(session_id, {})
                summary = self._summaries.pop(session_id, None)
                removed += Removed(int(found is not None), len(turns), int(summary is not None))
        return removed

    def append(self, session_id: UUID, turns: Sequence[TurnRecord]) -> Appended:
        with self._lock:
            record = self._records.get(session_id)
            if record is None:
                raise SessionNotFound
            kept = self._turns[session_id]
            known = {turn.identity for turn in kept.values()}
            new = [turn for turn in turns if turn.identity not in known]
            refused = [turn.sequence for turn in new if kept.setdefault(turn.sequence, turn) is not turn]
            self._records[session_id] = replace(record, turns=len(kept))
            added = {turn.identity for turn in new if turn.sequence not in refused}
            return Appended(refused, record.connection, added=added)

    def turns(
        self, session_id: UUID, *, after: int = 0, newest: int | None = None, oldest: int | None = None
    ) -> list[TurnRecord]:
        with self._lock:
            kept = self._turns.get(session_id, {})
            found = [kept[sequence] for sequence in sorted(kept) if sequence > after]
        return cut(found, newest, oldest)

    def first_words(self, session_ids: Sequence[UUID]) -> dict[UUID, TurnRecord]:
        found = {key: next((t for t in self.turns(key) if t.role == "user"), None) for key in session_ids}
        return {key: turn for key, turn in found.items() if turn is not None}

    def newest_turns(self, session_ids: Sequence[UUID], most: int) -> dict[UUID, list[TurnRecord]]:
        found: dict[UUID, list[TurnRecord]] = {}
        for key in session_ids:
            found[key] = self.turns(key, newest=most)[::-1]
            most -= len(found[key])
        return found

    def summary(self, session_id: UUID) -> SummaryRecord | None:
        return self._summaries.get(session_id)

    def summarise(self, session_id: UUID, summary: SummaryRecord) -> bool:
        with self._lock:
            old = self._summaries.get(session_id)
            if session_id not in self._records or (old and old.upto >= summary.upto):
                return False
            self._summaries[session_id] = summary
            return True

    def _all(self) -> list[Record]:
        with self._lock:
            return list(self._records.values())

    def of_visitor(
        self, visitor: str, *, character: str = "", after: PageEnd | None = None, limit: int | None = None
    ) -> list[Record]:
        return page_of((r for r in self._all() if r.visitor == visitor), character, after, limit)

    def active(self, room: Room, but: UUID | None = None) -> int:
        return sum(room.counts(record) for record in self._all() if record.id != but)

    def expire(self, now: datetime, limit: int) -> list[Expired]:
        over = {"state": State.EXPIRED, "end_reason": "expired", "ended_at": now}
        found = []
        with self._lock:
            due = [r for r in self._all() if r.state in VoiceSession.LIVE and r.expires_at <= now][:limit]
            for record in due:
                ended = changed(record, {**over, "connection": None, "token_hash": ""})
                self._records[record.id] = ended
                facts = facts_of(ended, SESSION_FACTS)
                found.append(Expired(record.id, record.connection is not None, facts))
        return found

    def unused(self, untouched_since: datetime, limit: int) -> list[UUID]:
        due = [r for r in self._all() if never_used(r) and r.active_at <= untouched_since]
        return [record.id for record in sorted(due, key=lambda record: record.active_at)][:limit]

    def past_retention(self, ended_before: datetime, limit: int) -> list[UUID]:
        over = [r for r in self._all() if r.state not in VoiceSession.LIVE and r.ended_at]
        return [r.id for r in over if r.ended_at and r.ended_at <= ended_before][:limit]

    def due(self, now: datetime, ended_before: datetime) -> tuple[int, int]:
        out = sum(r.state in VoiceSession.LIVE and r.expires_at <= now for r in self._all())
        return out, len(self.past_retention(ended_before, len(self._records)))

    def wrapped_by_others(self, key_id: str, after: UUID | None, limit: int) -> list[Record]:
        found = sorted((r for r in self._all() if r.key_id != key_id), key=lambda r: r.id)
        return [r for r in found if after is None or r.id > after][:limit]

    def count_wrapped_by_others(self, key_id: str) -> int:
        return sum(r.key_id != key_id for r in self._all())

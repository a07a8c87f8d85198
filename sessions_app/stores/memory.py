"""Sessions in the memory of one process: for trying things out, and for tests."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sessions_app.exceptions import SessionNotFound
from sessions_app.models import VoiceSession
from sessions_app.records import Record, Summary, TurnRecord
from sessions_app.stores.base import Condition, Removed, Store


class MemoryStore(Store):
    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._records: dict[UUID, Record] = {}
        self._turns: dict[UUID, dict[int, TurnRecord]] = {}
        self._summaries: dict[UUID, Summary] = {}

    def create(self, record: Record) -> None:
        with self._lock:
            self._records[record.id] = record
            self._turns[record.id] = {}

    def load(self, session_id: UUID) -> Record | None:
        return self._records.get(session_id)

    def change(self, session_id: UUID, changes: Mapping[str, Any], condition: Condition) -> Record | None:
        with self._lock:
            record = self._records.get(session_id)
            if record is None or not condition.holds(record):
                return None
            self._records[session_id] = replace(record, **changes, revision=record.revision + 1)
            return self._records[session_id]

    def delete(self, session_id: UUID) -> Removed:
        with self._lock:
            found = self._records.pop(session_id, None)
            turns = self._turns.pop(session_id, {})
            summary = self._summaries.pop(session_id, None)
            return Removed(int(found is not None), len(turns), int(summary is not None))

    def append(self, session_id: UUID, turns: Sequence[TurnRecord]) -> list[int]:
        with self._lock:
            if session_id not in self._records:
                raise SessionNotFound
            kept = self._turns[session_id]
            refused = [t.sequence for t in turns if kept.setdefault(t.sequence, t).sealed != t.sealed]
            record = self._records[session_id]
            self._records[session_id] = replace(record, turns=max(record.turns, *kept, 0))
            return refused

    def turns(self, session_id: UUID, *, after: int = 0, newest: int | None = None) -> list[TurnRecord]:
        with self._lock:
            kept = self._turns.get(session_id, {})
            found = [kept[sequence] for sequence in sorted(kept) if sequence > after]
        return found if newest is None else found[max(0, len(found) - newest) :]

    def summary(self, session_id: UUID) -> Summary | None:
        return self._summaries.get(session_id)

    def summarise(self, session_id: UUID, summary: Summary) -> bool:
        with self._lock:
            old = self._summaries.get(session_id)
            if session_id not in self._records or (old and old.upto >= summary.upto):
                return False
            self._summaries[session_id] = summary
            return True

    def of_visitor(self, visitor: str) -> list[Record]:
        found = [record for record in list(self._records.values()) if record.visitor == visitor]
        return sorted(found, key=lambda record: record.active_at, reverse=True)

    def expired(self, now: datetime, limit: int) -> list[UUID]:
        records = list(self._records.values())
        return [r.id for r in records if r.state in VoiceSession.LIVE and r.expires_at <= now][:limit]

    def past_retention(self, ended_before: datetime, limit: int) -> list[UUID]:
        over = [r for r in list(self._records.values()) if r.state not in VoiceSession.LIVE and r.ended_at]
        return [r.id for r in over if r.ended_at and r.ended_at <= ended_before][:limit]

    def wrapped_by_others(self, key_id: str, after: UUID | None, limit: int) -> list[Record]:
        found = sorted((r for r in list(self._records.values()) if r.key_id != key_id), key=lambda r: r.id)
        return [r for r in found if after is None or r.id > after][:limit]

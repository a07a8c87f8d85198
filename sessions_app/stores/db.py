"""Database store: every change is a single conditional UPDATE, every removal a single statement."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from sessions_app.costs import counting
from sessions_app.crypto import WrappedKey
from sessions_app.exceptions import SessionNotFound
from sessions_app.models import DataKey, Erasure, SessionSummary, SessionTurn, VoiceSession
from sessions_app.outbox import SESSION_FACTS
from sessions_app.stores import statements
from sessions_app.stores.base import Appended, Condition, Expired, PageEnd, Removed, Room, Store
from sessions_app.stores.records import TURN_FIELDS, Record, SummaryRecord, TurnRecord
from sessions_app.stores.rows import changed_record_of, record_of, record_with_key, turn_of


class DatabaseStore(Store):
    in_rows = True
    _listened = False  # whether somebody was told of turns, as of the last ones written

    def create(self, record: Record) -> None:
        values = [getattr(record, name) for name in statements.ROW_COLUMNS]
        with connection.cursor() as cursor:
            cursor.execute(statements.CREATE, [*values, record.key_id, record.wrapped_key])

    def load(self, session_id: UUID, *, fresh: bool = False) -> Record | None:
        row = VoiceSession.objects.select_related("data_key").filter(pk=session_id).first()
        return record_of(row) if row else None

    def change(self, session_id: UUID, changes: Mapping[str, Any], condition: Condition) -> Record | None:
        assigned = [statements.assignment(name, value) for name, value in changes.items()]
        tests = ["id = %s", "state = ANY(%s)"]
        params: list[Any] = [*(value for _, value in assigned), session_id, list(condition.states)]
        for names, operator in ((condition.equal, "IS NOT DISTINCT FROM"), (condition.later, ">")):
            for name, value in names.items():
                tests.append(f'"{statements.COLUMNS[name]}" {operator} %s')
                params.append(value)
        if condition.room is not None:
            tests.append(f"{statements.ACTIVE} < %s")
            params += [*self._asked(condition.room, session_id), condition.room.most]
        assignments = ", ".join(["revision = revision + 1", *(sql for sql, _ in assigned)])
        telling = statements.told_by(changes)
        template = statements.TELLING_CHANGES[telling] if telling else statements.CHANGE
        sql = template.format(assignments=assignments, tests=" AND ".join(tests))
        if condition.room is None:
            rows = list(VoiceSession.objects.raw(sql, params))
        else:
            # Of two that race for a visitor's last place the second counts when the first is done.
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [condition.room.visitor]
                )
                rows = list(VoiceSession.objects.raw(sql, params))
        return changed_record_of(rows[0]) if rows else None

    def rewrap(self, session_id: UUID, was: WrappedKey, wrapped: WrappedKey) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(statements.REWRAP, [wrapped.key_id, wrapped.data, session_id, was.key_id])
            return bool(cursor.rowcount)

    @staticmethod
    def _asked(room: Room, but: UUID | None) -> list[Any]:
        return [room.visitor, room.since, but]

    def delete(self, session_ids: Collection[UUID]) -> Removed:
        with connection.cursor() as cursor:
            cursor.execute(statements.DELETE, [list(session_ids)])
            return Removed(*cursor.fetchone())

    def append(self, session_id: UUID, turns: Sequence[TurnRecord]) -> Appended:
        rows = ", ".join([statements.CAST_ROW, *[statements.PLAIN_ROW] * (len(turns) - 1)])
        params: list[Any] = [session_id]
        for turn in turns:
            params += [session_id, *(getattr(turn, name) for name in statements.TURN_COLUMNS)]
        params.append(counting.rows(turn.usage for turn in turns))
        telling = self._listened  # other threads may find out that it is otherwise
        found, holder, added, memories, listened = self._append(rows, params, telling=telling)
        if listened and not telling:
            found, holder, added, memories, listened = self._append(rows, params, telling=True)
        self._listened = listened
        if not found:
            raise SessionNotFound
        missing = {turn.identity: turn.sequence for turn in turns if turn.identity not in added}
        if not missing:
            return Appended([], holder, memories, added)
        there = SessionTurn.objects.filter(session_id=session_id, identity__in=missing)
        for identity in there.values_list("identity", flat=True):
            missing.pop(identity)
        return Appended(sorted(missing.values()), holder, memories, added)

    @staticmethod
    def _append(rows: str, params: list[Any], *, telling: bool) -> Any:
        sql = statements.APPEND_TELLING if telling else statements.APPEND_QUIETLY
        with connection.cursor() as cursor:
            cursor.execute(sql.format(rows=rows), params)
            return cursor.fetchone()

    def turns(
        self, session_id: UUID, *, after: int = 0, newest: int | None = None, oldest: int | None = None
    ) -> list[TurnRecord]:
        rows = SessionTurn.objects.filter(session_id=session_id, sequence__gt=after)
        if oldest is not None:
            return [turn_of(values) for values in rows.order_by("sequence")[:oldest].values(*TURN_FIELDS)]
        found = rows.order_by("-sequence")[:newest].values(*TURN_FIELDS)
        return [turn_of(values) for values in reversed(list(found))]

    def _turns_of(self, sql: str, params: list[Any]) -> dict[UUID, list[TurnRecord]]:
        found: dict[UUID, list[TurnRecord]] = {}
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            for session_id, *values in cursor:
                turn = turn_of(dict(zip(TURN_FIELDS, values, strict=True)))
                found.setdefault(session_id, []).append(turn)
        return found

    def first_words(self, session_ids: Sequence[UUID]) -> dict[UUID, TurnRecord]:
        found = self._turns_of(statements.FIRST_WORDS, [list(session_ids)])
        return {key: turns[0] for key, turns in found.items()}

    def newest_turns(self, session_ids: Sequence[UUID], most: int) -> dict[UUID, list[TurnRecord]]:
        return self._turns_of(statements.NEWEST_TURNS, [list(session_ids), most])

    def summary(self, session_id: UUID) -> SummaryRecord | None:
        row = SessionSummary.objects.filter(session_id=session_id).first()
        return SummaryRecord(row.upto, bytes(row.sealed), row.created_at) if row else None

    def summarise(self, session_id: UUID, summary: SummaryRecord) -> bool:
        with transaction.atomic():
            # Held, so that the session cannot be erased between this and the row that refers to it.
            held = VoiceSession.objects.select_for_update().filter(pk=session_id)
            known = SessionSummary.objects.filter(session_id=session_id)
            if not held.exists() or known.filter(upto__gte=summary.upto).exists():
                return False
            SessionSummary.objects.create(session_id=session_id, **summary.as_dict())
            known.filter(upto__lt=summary.upto).delete()
        return True

    def of_visitor(
        self, visitor: str, *, character: str = "", after: PageEnd | None = None, limit: int | None = None
    ) -> list[Record]:
        sessions = VoiceSession.objects.select_related("data_key")
        rows = sessions.filter(visitor=visitor).order_by("-active_at", "-pk")
        if character:
            rows = rows.filter(character_id=character)
        if after is not None:
            same = Q(active_at=after.active_at, pk__lt=after.id)
            rows = rows.filter(Q(active_at__lt=after.active_at) | same)
        return [record_of(row) for row in rows[:limit]]

    def active(self, room: Room, but: UUID | None = None) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {statements.ACTIVE}", self._asked(room, but))
            count: int = cursor.fetchone()[0]
        return count

    def expire(self, now: datetime, limit: int) -> list[Expired]:
        with connection.cursor() as cursor:
            cursor.execute(statements.EXPIRE, [list(VoiceSession.LIVE), now, limit, now])
            return [
                Expired(session_id, connected, dict(zip(SESSION_FACTS, facts, strict=True)))
                for session_id, connected, *facts in cursor.fetchall()
            ]

    def unused(self, untouched_since: datetime, limit: int) -> list[UUID]:
        due = VoiceSession.objects.filter(connections=0, turns=0, active_at__lte=untouched_since)
        return list(due.order_by("active_at").values_list("pk", flat=True)[:limit])

    def past_retention(self, ended_before: datetime, limit: int) -> list[UUID]:
        due = VoiceSession.objects.exclude(state__in=VoiceSession.LIVE).filter(ended_at__lte=ended_before)
        return list(due.order_by("ended_at").values_list("pk", flat=True)[:limit])

    def due(self, now: datetime, ended_before: datetime) -> tuple[int, int]:
        sessions = VoiceSession.objects
        out = sessions.filter(state__in=VoiceSession.LIVE, expires_at__lte=now)
        over = sessions.exclude(state__in=VoiceSession.LIVE).filter(ended_at__lte=ended_before)
        return out.count(), over.count()

    def wrapped_by_others(self, key_id: str, after: UUID | None, limit: int) -> list[Record]:
        keys = DataKey.objects.exclude(key_id=key_id).select_related("session").order_by("pk")
        if after is not None:
            keys = keys.filter(pk__gt=after)
        return [record_with_key(key.session, key.key_id, key.wrapped_key) for key in keys[:limit]]

    def count_wrapped_by_others(self, key_id: str) -> int:
        return DataKey.objects.exclude(key_id=key_id).count()

    def erased_again(self, limit: int) -> list[UUID]:
        journal = Erasure.objects.values("session_id")
        return list(VoiceSession.objects.filter(pk__in=journal).values_list("pk", flat=True)[:limit])

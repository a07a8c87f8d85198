"""Sessions in PostgreSQL. Every change is a single conditional UPDATE."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from sessions_app.exceptions import SessionNotFound
from sessions_app.models import SessionSummary, SessionTurn, VoiceSession
from sessions_app.records import RECORD_FIELDS, TURN_FIELDS, Record, Summary, TurnRecord
from sessions_app.stores.base import Condition, Removed, Store

# Column names come from here, so that SQL is put together from our own words only.
COLUMNS = {field.name: field.column for field in VoiceSession._meta.concrete_fields}
TABLE = VoiceSession._meta.db_table
TURNS = SessionTurn._meta.db_table
# The first row of VALUES gives the columns their types.
TURN_COLUMNS = {
    "sequence": "int",
    "role": "varchar",
    "interrupted": "boolean",
    "version": "varchar",
    "latency_ms": "int",
    "sealed": "bytea",
    "created_at": "timestamptz",
}
CAST_ROW = f"(%s::uuid, {', '.join(f'%s::{kind}' for kind in TURN_COLUMNS.values())})"
PLAIN_ROW = f"(%s, {', '.join(['%s'] * len(TURN_COLUMNS))})"


def record_of(row: VoiceSession) -> Record:
    """The record of a row; memoryviews become bytes, the foreign key its slug."""
    values = {name: getattr(row, name) for name in RECORD_FIELDS if name != "character"}
    values |= {name: bytes(values[name]) for name in ("wrapped_key", "metadata")}
    return Record(character=row.character_id, **values)


class DatabaseStore(Store):
    def create(self, record: Record) -> None:
        values = record.as_dict()
        VoiceSession.objects.create(character_id=values.pop("character"), **values)

    def load(self, session_id: UUID) -> Record | None:
        row = VoiceSession.objects.filter(pk=session_id).first()
        return record_of(row) if row else None

    def change(self, session_id: UUID, changes: Mapping[str, Any], condition: Condition) -> Record | None:
        assignments = ", ".join(["revision = revision + 1", *(f'"{COLUMNS[name]}" = %s' for name in changes)])
        tests = ["id = %s", "state = ANY(%s)"]
        params: list[Any] = [*changes.values(), session_id, list(condition.states)]
        for names, operator in ((condition.equal, "="), (condition.later, ">")):
            for name, value in names.items():
                tests.append(f'"{COLUMNS[name]}" {operator} %s')
                params.append(value)
        sql = f'UPDATE "{TABLE}" SET {assignments} WHERE {" AND ".join(tests)} RETURNING *'  # noqa: S608
        rows = list(VoiceSession.objects.raw(sql, params))
        return record_of(rows[0]) if rows else None

    def delete(self, session_id: UUID) -> Removed:
        _, rows = VoiceSession.objects.filter(pk=session_id).delete()
        return Removed(
            rows.get(VoiceSession._meta.label, 0),
            rows.get(SessionTurn._meta.label, 0),
            rows.get(SessionSummary._meta.label, 0),
        )

    def append(self, session_id: UUID, turns: Sequence[TurnRecord]) -> list[int]:
        rows = ", ".join([CAST_ROW, *[PLAIN_ROW] * (len(turns) - 1)])
        sql = f"""
            WITH counted AS (
                UPDATE "{TABLE}" SET turns = GREATEST(turns, %s) WHERE id = %s RETURNING id
            ), added AS (
                INSERT INTO "{TURNS}" (session_id, {", ".join(TURN_COLUMNS)})
                SELECT given.* FROM (VALUES {rows}) AS given, counted
                ON CONFLICT (session_id, sequence) DO NOTHING RETURNING sequence
            )
            SELECT (SELECT count(*) FROM counted), ARRAY(SELECT sequence FROM added)
        """  # noqa: S608  (table names and placeholders)
        params: list[Any] = [max(turn.sequence for turn in turns), session_id]
        for turn in turns:
            params += [session_id, *(getattr(turn, name) for name in TURN_COLUMNS)]
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            found, added = cursor.fetchone()
        if not found:
            raise SessionNotFound
        missing = {turn.sequence: turn for turn in turns if turn.sequence not in added}
        if not missing:
            return []
        there = SessionTurn.objects.filter(session_id=session_id, sequence__in=missing)
        same = {turn.sequence for turn in there if bytes(turn.sealed) == missing[turn.sequence].sealed}
        return sorted(set(missing) - same)

    def first_turns(self, session_id: UUID, count: int) -> list[TurnRecord]:
        rows = SessionTurn.objects.filter(session_id=session_id).order_by("sequence")[:count]
        return [TurnRecord(**{**row, "sealed": bytes(row["sealed"])}) for row in rows.values(*TURN_FIELDS)]

    def turns(self, session_id: UUID, *, after: int = 0, newest: int | None = None) -> list[TurnRecord]:
        rows = SessionTurn.objects.filter(session_id=session_id, sequence__gt=after).order_by("-sequence")
        values = list(rows[:newest].values(*TURN_FIELDS))
        return [TurnRecord(**{**row, "sealed": bytes(row["sealed"])}) for row in reversed(values)]

    def summary(self, session_id: UUID) -> Summary | None:
        row = SessionSummary.objects.filter(session_id=session_id).first()
        return Summary(row.upto, bytes(row.sealed), row.created_at) if row else None

    def summarise(self, session_id: UUID, summary: Summary) -> bool:
        known = SessionSummary.objects.filter(session_id=session_id)
        gone = not VoiceSession.objects.filter(pk=session_id).exists()
        if gone or known.filter(upto__gte=summary.upto).exists():
            return False
        SessionSummary.objects.bulk_create(
            [SessionSummary(session_id=session_id, **summary.as_dict())], ignore_conflicts=True
        )
        known.filter(upto__lt=summary.upto).delete()
        return True

    def of_visitor(self, visitor: str) -> list[Record]:
        return [record_of(row) for row in VoiceSession.objects.filter(visitor=visitor).order_by("-active_at")]

    def expired(self, now: datetime, limit: int) -> list[UUID]:
        due = VoiceSession.objects.filter(state__in=VoiceSession.LIVE, expires_at__lte=now)
        return list(due.order_by("expires_at").values_list("pk", flat=True)[:limit])

    def past_retention(self, ended_before: datetime, limit: int) -> list[UUID]:
        due = VoiceSession.objects.exclude(state__in=VoiceSession.LIVE).filter(ended_at__lte=ended_before)
        return list(due.order_by("ended_at").values_list("pk", flat=True)[:limit])

    def wrapped_by_others(self, key_id: str, after: UUID | None, limit: int) -> list[Record]:
        rows = VoiceSession.objects.exclude(key_id=key_id).order_by("pk")
        if after is not None:
            rows = rows.filter(pk__gt=after)
        return [record_of(row) for row in rows[:limit]]

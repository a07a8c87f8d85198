"""The SQL of the database store: what Django's ORM cannot say in one statement.

A session's data key stands in a table of its own, which backups leave out; the same statement writes both,
and whatever removes a session enters it in the journal of erasures, and takes its events out of the outbox.
What is told of goes there by the statement that does it.
"""

from collections.abc import Mapping
from typing import Any

from sessions_app import outbox
from sessions_app.costs import counting
from sessions_app.models import (
    DataKey,
    Erasure,
    EventKind,
    SessionSummary,
    SessionTurn,
    VisitorMemory,
    VoiceSession,
)
from sessions_app.stores.base import Later, More
from sessions_app.stores.records import RECORD_FIELDS, TURN_FIELDS

# Column names come from here, so that SQL is put together from our own words only.
COLUMNS = {field.name: field.column for field in VoiceSession._meta.concrete_fields}
SESSIONS = VoiceSession._meta.db_table
TURNS = SessionTurn._meta.db_table
SUMMARIES = SessionSummary._meta.db_table
DATA_KEYS = DataKey._meta.db_table
JOURNAL = Erasure._meta.db_table
MEMORY_OWNERS = VisitorMemory._meta.db_table
# What stands in the row of a session itself.
ROW_COLUMNS = {name: COLUMNS[name] for name in RECORD_FIELDS if name in COLUMNS}
# The first row of VALUES gives the columns their types.
TURN_COLUMNS = {
    "sequence": "int",
    "role": "varchar",
    "interrupted": "boolean",
    "version": "varchar",
    "latency_ms": "int",
    "sealed": "bytea",
    "created_at": "timestamptz",
    "identity": "uuid",
}
CAST_ROW = f"(%s::uuid, {', '.join(f'%s::{kind}' for kind in TURN_COLUMNS.values())})"
PLAIN_ROW = f"(%s, {', '.join(['%s'] * len(TURN_COLUMNS))})"
TURN_LIST = ", ".join(f"t.{name}" for name in TURN_FIELDS)

ACTIVE = f"""(
    SELECT count(*) FROM "{SESSIONS}"
    WHERE visitor = %s AND state = '{VoiceSession.State.ACTIVE}' AND active_at > %s AND id IS DISTINCT FROM %s
)"""  # noqa: S608
_APPEND = f"""
    WITH held AS (
        SELECT id, connection, visitor, "character", created_at FROM "{SESSIONS}"
        WHERE id = %s {{unless}} FOR UPDATE
    ), added AS (
        INSERT INTO "{TURNS}" (session_id, {", ".join(TURN_COLUMNS)})
        SELECT given.* FROM (VALUES {{rows}}) AS given, held
        ON CONFLICT DO NOTHING RETURNING *
    ), {{told}} counted AS (
        UPDATE "{SESSIONS}" SET turns = turns + (SELECT count(*) FROM added)
        FROM held WHERE "{SESSIONS}".id = held.id
    ), used AS ({counting.KEEP})
    SELECT (SELECT count(*) FROM held), (SELECT connection FROM held), ARRAY(SELECT identity FROM added),
        COALESCE((
            SELECT m.id || '.' || m.revision FROM held JOIN "{MEMORY_OWNERS}" m
            ON m.visitor = held.visitor AND m."character" = held."character"
        ), ''), {outbox.sql.SOMEBODY_LISTENS}
"""  # noqa: S608
# Telling takes a millisecond to plan. Where nobody listens it is left out: that statement writes nothing if
# somebody does by now, and then the other one is asked.
APPEND_TELLING = _APPEND.replace("{unless}", "").replace(
    "{told}", f"told AS ({outbox.sql.of_turns('added', 'held')}),"
)
APPEND_QUIETLY = _APPEND.replace("{unless}", f"AND NOT {outbox.sql.SOMEBODY_LISTENS}").replace("{told}", "")
DELETE = f"""
    WITH due AS MATERIALIZED (
        SELECT id FROM "{SESSIONS}" WHERE id = ANY(%s) ORDER BY id FOR UPDATE
    ), turns AS (
        DELETE FROM "{TURNS}" USING due WHERE session_id = due.id RETURNING 1
    ), summaries AS (
        DELETE FROM "{SUMMARIES}" USING due WHERE session_id = due.id RETURNING 1
    ), keys AS (
        DELETE FROM "{DATA_KEYS}" USING due WHERE session_id = due.id
    ), journal AS (
        INSERT INTO "{JOURNAL}" (session_id) SELECT id FROM due ON CONFLICT DO NOTHING
    ), events AS (
        DELETE FROM "{outbox.sql.OUTBOX}" AS e USING due WHERE e.session_id = due.id
    ), {counting.FORGET}, sessions AS (
        DELETE FROM "{SESSIONS}" USING due WHERE "{SESSIONS}".id = due.id RETURNING 1
    )
    SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM turns), (SELECT count(*) FROM summaries)
"""  # noqa: S608
CREATE = f"""
    WITH made AS (
        INSERT INTO "{SESSIONS}" ({", ".join(f'"{column}"' for column in ROW_COLUMNS.values())})
        VALUES ({", ".join(["%s"] * len(ROW_COLUMNS))}) RETURNING id
    )
    INSERT INTO "{DATA_KEYS}" (session_id, key_id, wrapped_key) SELECT id, %s::varchar, %s::bytea FROM made
"""  # noqa: S608
CHANGE = f"""
    UPDATE "{SESSIONS}" SET {{assignments}} WHERE {{tests}} RETURNING *,
        (SELECT key_id FROM "{DATA_KEYS}" WHERE session_id = id) AS key_id,
        (SELECT wrapped_key FROM "{DATA_KEYS}" WHERE session_id = id) AS wrapped_key
"""  # noqa: S608
TELLING_CHANGES = {
    kind: f"""
        WITH changed AS ({CHANGE}), told AS ({outbox.sql.of_session("changed", kind, at)})
        SELECT * FROM changed
    """  # noqa: S608
    for kind, at in (
        (EventKind.STARTED, "active_at"),
        (EventKind.RESUMED, "active_at"),
        (EventKind.ENDED, "ended_at"),
    )
}
REWRAP = f"""
    WITH rewrapped AS (
        UPDATE "{DATA_KEYS}" SET key_id = %s, wrapped_key = %s
        WHERE session_id = %s AND key_id = %s RETURNING session_id
    )
    UPDATE "{SESSIONS}" SET revision = revision + 1 FROM rewrapped WHERE id = session_id
"""  # noqa: S608
EXPIRE = f"""
    WITH due AS (
        SELECT id, connection IS NOT NULL AS connected FROM "{SESSIONS}"
        WHERE state = ANY(%s) AND expires_at <= %s
        ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED
    ), over AS (
        UPDATE "{SESSIONS}" SET state = '{VoiceSession.State.EXPIRED}', end_reason = 'expired', ended_at = %s,
            connection = NULL, token_hash = '', revision = revision + 1
        FROM due WHERE "{SESSIONS}".id = due.id
        RETURNING "{SESSIONS}".*, due.connected
    ), told AS ({outbox.sql.of_session("over", EventKind.ENDED, "ended_at")})
    SELECT id, connected, {", ".join(outbox.SESSION_FACTS)} FROM over
"""  # noqa: S608
FIRST_WORDS = f"""
    SELECT t.session_id, {TURN_LIST} FROM unnest(%s::uuid[]) AS asked(id), LATERAL (
        SELECT * FROM "{TURNS}" WHERE session_id = asked.id AND role = 'user' ORDER BY sequence LIMIT 1
    ) t
"""  # noqa: S608
NEWEST_TURNS = f"""
    SELECT t.session_id, {TURN_LIST} FROM unnest(%s::uuid[]) WITH ORDINALITY AS asked(id, place)
    JOIN "{TURNS}" t ON t.session_id = asked.id
    ORDER BY asked.place, t.sequence DESC LIMIT %s
"""  # noqa: S608


def assignment(name: str, value: Any) -> tuple[str, Any]:
    """The SQL of one change, and its parameter."""
    column = f'"{COLUMNS[name]}"'
    if isinstance(value, Later):
        return f"{column} = GREATEST({column}, %s)", value.moment
    if isinstance(value, More):
        return f"{column} = {column} + %s", value.amount
    return f"{column} = %s", value


def told_by(changes: Mapping[str, Any]) -> EventKind | None:
    """What a change tells of, if it is anything that somebody may be told."""
    if changes.get("state") == VoiceSession.State.ENDED:
        return EventKind.ENDED
    if changes.get("state") == VoiceSession.State.ACTIVE and "connections" in changes:
        return EventKind.STARTED if changes["connections"] == 1 else EventKind.RESUMED
    return None

"""The SQL of the outbox: parts of the statements that change what is told of, and statements of its own.

Whoever writes an event of a session holds the session's row until the commit. So a later number is a later
event, and none is written of a session that is gone. Where nobody listens, there is nothing to join.
"""

from sessions_app.models import (
    EventEndpoint,
    EventKind,
    OutboxEvent,
    SealedMemory,
    ToolUse,
    VisitorMemory,
    VoiceSession,
)
from sessions_app.outbox.happenings import SESSION_FACTS, TURN_FACTS

OUTBOX = OutboxEvent._meta.db_table
ENDPOINTS = EventEndpoint._meta.db_table
_SESSIONS = VoiceSession._meta.db_table
_MEMORIES, _OWNERS = SealedMemory._meta.db_table, VisitorMemory._meta.db_table
_USES = ToolUse._meta.db_table


def _facts(row: str, names: tuple[str, ...]) -> str:
    pairs = ", ".join(f"'{name}', {row}.{name}" for name in names)
    return f"jsonb_build_object({pairs})"


def _listening(kind: str) -> str:
    return f'JOIN "{ENDPOINTS}" AS p ON p.active AND {kind} = ANY(p.kinds)'


_COLUMNS = "endpoint_id, kind, lane, session_id, about, facts, sealed, place, at"
_INSERT = f'INSERT INTO "{OUTBOX}" ({_COLUMNS}) SELECT p.id'


def of_session(rows: str, kind: str, at: str) -> str:
    """Tells of sessions in the query `rows`, if anybody was ever connected; with them their metadata."""
    return f"""
        {_INSERT}, '{kind}', s.id, s.id, NULL::uuid, {_facts("s", SESSION_FACTS)},
            CASE WHEN p.with_words THEN s.metadata END, s.metadata_sequence::text, s.{at}
        FROM {rows} AS s {_listening(f"'{kind}'")}
        WHERE s.connections > 0
    """


def of_turns(rows: str, session: str) -> str:
    """Tells of turns in the query `rows` of the row `session`; not of those that began with it as copies."""
    return f"""
        {_INSERT}, '{EventKind.TURN}', s.id, s.id, t.identity, {_facts("t", TURN_FACTS)},
            CASE WHEN p.with_words THEN t.sealed END, '', t.created_at
        FROM {rows} AS t JOIN {session} AS s ON t.created_at >= s.created_at
        {_listening(f"'{EventKind.TURN}'")}
        WHERE t.role <> 'tool'
        ORDER BY t.sequence
    """


SOMEBODY_LISTENS = f'EXISTS (SELECT 1 FROM "{ENDPOINTS}" WHERE active)'  # noqa: S608
# Held last, and only while this statement's transaction ends.
_HELD = f'SELECT id FROM "{_SESSIONS}" WHERE id = {{of}} FOR NO KEY UPDATE'  # noqa: S608

NOTE_TOOL = f"""
    WITH used AS (
        INSERT INTO "{_USES}" (session_id, character, tool, kind, outcome, at, took_ms)
        VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING *
    ), held AS (
        {_HELD.format(of="(SELECT session_id FROM used)")}
    )
    {_INSERT}, '{EventKind.TOOL}', held.id, held.id, NULL::uuid,
        {_facts("u", ("character", "tool", "kind", "outcome", "took_ms"))},
        CASE WHEN p.with_words THEN %s::bytea END, %s, u.at
    FROM used AS u CROSS JOIN held {_listening(f"'{EventKind.TOOL}'")}
"""  # noqa: S608
NOTE_ERROR = f"""
    WITH held AS (
        {_HELD.format(of="%s")}
    )
    {_INSERT}, '{EventKind.ERROR}', held.id, held.id, NULL::uuid, %s::jsonb, NULL::bytea, '', %s
    FROM held {_listening(f"'{EventKind.ERROR}'")}
"""
# What is known of no session goes in a lane of its own; what was learnt in one that is gone is not told.
NOTE_MEMORIES = f"""
    WITH given AS (
        SELECT * FROM unnest(%s::uuid[], %s::uuid[]) WITH ORDINALITY AS g(id, session_id, place)
    ), held AS MATERIALIZED (
        SELECT id FROM "{_SESSIONS}" WHERE id IN (SELECT session_id FROM given) FOR NO KEY UPDATE
    )
    {_INSERT}, '{EventKind.MEMORY}', COALESCE(held.id, gen_random_uuid()), held.id, m.id,
        jsonb_build_object('character', o.character, 'visitor', o.visitor),
        CASE WHEN p.with_words THEN m.sealed END, o.id::text, m.created_at
    FROM given JOIN "{_MEMORIES}" AS m ON m.id = given.id JOIN "{_OWNERS}" AS o ON o.id = m.owner_id
    LEFT JOIN held ON held.id = given.session_id {_listening(f"'{EventKind.MEMORY}'")}
    WHERE given.session_id IS NULL OR held.id IS NOT NULL
    ORDER BY given.place
"""  # noqa: S608
# Heads of lanes: of each the first event that waits, by skips through the index.
HEADS = f"""
    WITH RECURSIVE heads AS (
        (SELECT id, lane FROM "{OUTBOX}" WHERE endpoint_id = %(endpoint)s AND state = 'waiting'
         ORDER BY lane, id LIMIT 1)
        UNION ALL
        SELECT n.id, n.lane FROM heads, LATERAL (
            SELECT id, lane FROM "{OUTBOX}"
            WHERE endpoint_id = %(endpoint)s AND state = 'waiting' AND lane > heads.lane
            ORDER BY lane, id LIMIT 1
        ) AS n
    ), due AS (
        SELECT e.id FROM "{OUTBOX}" AS e JOIN heads ON heads.id = e.id
        WHERE e.state = 'waiting' AND (e.due_at IS NULL OR e.due_at <= %(now)s)
            AND (e.lease_until IS NULL OR e.lease_until <= %(now)s)
        ORDER BY e.id LIMIT %(most)s FOR UPDATE OF e SKIP LOCKED
    )
    UPDATE "{OUTBOX}" AS e SET lease_by = %(holder)s, lease_until = %(until)s
    FROM due WHERE e.id = due.id RETURNING e.id
"""  # noqa: S608

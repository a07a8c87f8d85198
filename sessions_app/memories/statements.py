"""The SQL of memories: what removes one enters it in the journal of erasures, and
takes what tells of it out of the outbox, in the same statement."""

from sessions_app import outbox
from sessions_app.models import Erasure, EventKind, MemoryKey, SealedMemory, VisitorMemory

OUTBOX = outbox.sql.OUTBOX
OWNERS = VisitorMemory._meta.db_table
MEMORIES = SealedMemory._meta.db_table
MEMORY_KEYS = MemoryKey._meta.db_table
ERASURES = Erasure._meta.db_table

# The owner first, as whoever adds something does: its revision changes with what it remembers.
FORGET = f"""
    WITH held AS MATERIALIZED (
        SELECT id FROM "{OWNERS}" WHERE id IN (SELECT owner_id FROM "{MEMORIES}" WHERE {{which}})
        ORDER BY id FOR UPDATE
    ), gone AS (
        DELETE FROM "{MEMORIES}" WHERE owner_id IN (SELECT id FROM held) AND {{which}} RETURNING id, owner_id
    ), noted AS (
        INSERT INTO "{ERASURES}" (session_id) SELECT id FROM gone ON CONFLICT DO NOTHING
    ), counted AS (
        UPDATE "{OWNERS}" SET revision = revision + 1 WHERE id IN (SELECT owner_id FROM gone)
    ), untold AS (
        DELETE FROM "{OUTBOX}" USING gone WHERE kind = '{EventKind.MEMORY}' AND about = gone.id
    )
    SELECT count(*) FROM gone
"""  # noqa: S608
FORGET_OWNERS = f"""
    WITH due AS MATERIALIZED (
        SELECT id FROM "{OWNERS}" WHERE {{which}} ORDER BY id FOR UPDATE
    ), keys AS (
        DELETE FROM "{MEMORY_KEYS}" USING due WHERE owner_id = due.id RETURNING 1
    ), memories AS (
        DELETE FROM "{MEMORIES}" USING due WHERE owner_id = due.id RETURNING "{MEMORIES}".id
    ), untold AS (
        DELETE FROM "{OUTBOX}" USING memories WHERE kind = '{EventKind.MEMORY}' AND about = memories.id
    ), noted AS (
        INSERT INTO "{ERASURES}" (session_id) SELECT id FROM due ON CONFLICT DO NOTHING
    ), gone AS (
        DELETE FROM "{OWNERS}" USING due WHERE "{OWNERS}".id = due.id
    )
    SELECT (SELECT count(*) FROM memories), (SELECT count(*) FROM keys)
"""  # noqa: S608
JOURNALLED = f'id IN (SELECT session_id FROM "{ERASURES}")'  # noqa: S608
# Of two that answer for one visitor and character at once, the second waits for the first.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))"

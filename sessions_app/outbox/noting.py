"""Notes of what no store changes: a tool's use, an error, memories, and a test of an endpoint."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from sessions_app.models import EventEndpoint, EventKind, OutboxEvent, ToolUse
from sessions_app.outbox import sql
from sessions_app.outbox.happenings import Happening, facts_of, tell

TOOL_FACTS = ("character", "tool", "kind", "outcome", "took_ms")


def note_tool(use: ToolUse, call: bytes | None, call_id: str) -> None:
    """Keeps a tool's use, and tells of it: one statement. `call` is the call with its words, sealed."""
    values: list[Any] = [use.session_id, use.character, use.tool, use.kind, use.outcome, use.at, use.took_ms]
    with connection.cursor() as cursor:
        cursor.execute(sql.NOTE_TOOL, [*values, call, call_id[:60]])
    tell([Happening(EventKind.TOOL, use.at, use.session_id, facts_of(use, TOOL_FACTS))])


def note_error(session_id: UUID, character: str, stage: str, at: datetime) -> None:
    """Tells of an error that a stage of a conversation reported; nothing that it said."""
    facts = {"character": character, "stage": stage}
    with connection.cursor() as cursor:
        cursor.execute(sql.NOTE_ERROR, [session_id, json.dumps(facts), at])
    tell([Happening(EventKind.ERROR, at, session_id, facts)])


def note_memories(
    learnt: Sequence[tuple[UUID, UUID | None]], character: str, visitor: str, at: datetime
) -> None:
    """Tells of memories that this transaction has written, with the session that each was learnt in."""
    ids: list[Any] = [memory for memory, _ in learnt]
    sessions: list[Any] = [session for _, session in learnt]
    with connection.cursor() as cursor:
        cursor.execute(sql.NOTE_MEMORIES, [ids, sessions])
    facts = {"character": character, "visitor": visitor}
    tell(Happening(EventKind.MEMORY, at, session, {**facts, "id": str(memory)}) for memory, session in learnt)


def note_test(endpoint: EventEndpoint, at: datetime) -> OutboxEvent:
    """A test event for one endpoint, which is sent even while it listens to nothing."""
    event = OutboxEvent.objects.create(endpoint=endpoint, kind=EventKind.TEST, facts={}, at=at)
    tell([Happening(EventKind.TEST, at)])  # whoever delivers need not wait for the next look
    return event

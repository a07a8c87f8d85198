"""Payloads: an event of the outbox as its receiver reads it; words are opened here, and nowhere before."""

import json
from typing import Any
from uuid import UUID

from sessions_app import memories
from sessions_app.manager import SyncSessionManager
from sessions_app.models import EventKind, OutboxEvent
from sessions_app.session import EVENT_TABLE, SESSION_TABLE, Turn
from sessions_app.stores import TurnRecord


def body_of(event: OutboxEvent, *, with_words: bool) -> bytes:
    """The JSON that is posted: the same one each time, as long as its endpoint wants words or none.

    Raises SessionNotFound or RecordUnreadable where its words cannot be opened any more.
    """
    data: dict[str, Any] = dict(event.facts)
    if event.session_id:
        data["session"] = str(event.session_id)
    if event.about:
        data["id"] = str(event.about)
    if with_words and event.sealed is not None:
        data |= _words(event, bytes(event.sealed))
    whole = {"type": event.kind, "timestamp": event.at.isoformat(), "data": data}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")


def _words(event: OutboxEvent, sealed: bytes) -> dict[str, Any]:
    if event.kind == EventKind.MEMORY and event.about:
        return memories.words_of(UUID(event.place), event.about, sealed)
    sealer = SyncSessionManager().sealer(str(event.session_id))
    if event.kind == EventKind.TURN and event.about:
        turn = TurnRecord(sealed=sealed, created_at=event.at, identity=event.about, **event.facts)
        return {"text": Turn.opened(turn, sealer).text}
    if event.kind == EventKind.TOOL:
        told: dict[str, Any] = sealer.open(EVENT_TABLE, "call", 0, sealed, event.place)
        return told
    return {"metadata": sealer.open(SESSION_TABLE, "metadata", int(event.place), sealed)}

"""Session export: JSON with everything that is remembered, for its visitor to take away."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from uuid import UUID

from characters import catalog
from characters.exceptions import CharacterNotFound
from sessions_app.costs import figures
from sessions_app.manager import SyncSessionManager
from sessions_app.memories import SyncMemories
from sessions_app.session import Session, Turn

EXPORT_FORMAT = "greenroom-session-1"
TURNS_OF_A_PIECE = 200


def _names() -> Callable[[Turn], str]:
    """What the character of a turn is called; its address if it is off the stage, '' for a visitor's turn."""

    @cache
    def of_slug(slug: str) -> str:
        try:
            return catalog.get(slug).name
        except CharacterNotFound:
            return slug

    return lambda turn: of_slug(turn.version.partition("@")[0]) if turn.version else ""


def _memories(visitor: str, character: str) -> list[dict[str, Any]]:
    """What the character remembers of the visitor, from this conversation and from others."""
    return [memory.as_json() for memory in SyncMemories().known(visitor, character).recollections]


def export(manager: SyncSessionManager, session_id: UUID | str) -> Iterator[str]:
    """Everything that is kept of a session, live or over: one JSON object, in pieces of text.

    Only one piece is in memory at a time. The first piece raises SessionNotFound or RecordUnreadable; so may
    a later one, if the session is erased meanwhile.
    """
    record = manager.record(session_id)
    session = Session.opened(record)
    head = {
        "format": EXPORT_FORMAT,
        "id": str(record.id),
        "character": record.character,
        "state": record.state,
        "createdAt": record.created_at.isoformat(),
        "endedAt": record.ended_at.isoformat() if record.ended_at else None,
        "metadata": session.metadata,
        "summary": manager.past(record.id, newest=0).summary or None,
        "memories": _memories(record.visitor, record.character),
        "usage": figures.as_json(record.id),
    }
    yield json.dumps(head, ensure_ascii=False).removesuffix("}") + ', "turns": ['
    name_of = _names()
    after, between = 0, "\n"
    while turns := manager.turns(record.id, after=after, oldest=TURNS_OF_A_PIECE):
        yield between + ",\n".join(
            json.dumps({**turn.as_json(), "name": name_of(turn)}, ensure_ascii=False) for turn in turns
        )
        after, between = turns[-1].sequence, ",\n"
    yield "]}\n"

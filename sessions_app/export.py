"""A session as its visitor may take it away: JSON, with everything that is remembered."""

from typing import Any
from uuid import UUID

from sessions_app.manager import SyncSessionManager
from sessions_app.session import Session

FORMAT = "greenroom-session-1"


def export(manager: SyncSessionManager, session_id: UUID | str) -> dict[str, Any]:
    """Everything that is kept of a session, live or over. Raises SessionNotFound, RecordUnreadable."""
    record = manager.record(session_id)
    session = Session.opened(record)
    past = manager.past(record.id, newest=0)
    return {
        "format": FORMAT,
        "id": str(record.id),
        "character": record.character,
        "state": record.state,
        "createdAt": record.created_at.isoformat(),
        "endedAt": record.ended_at.isoformat() if record.ended_at else None,
        "metadata": session.metadata,
        "summary": past.summary or None,
        "turns": [turn.as_json() for turn in manager.history(record.id)],
    }

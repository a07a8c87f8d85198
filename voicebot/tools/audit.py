"""Audit of tools: a row for each call, written beside the conversation, and counted for its limits."""

import logging
from collections import Counter
from uuid import UUID

from django.db.models import Count

from characters.tools import ToolSpec
from sessions_app.database import database_clock, in_database
from sessions_app.models import ToolUse
from sessions_app.outbox import note_tool
from sessions_app.session import ToolCall

log = logging.getLogger(__name__)


async def note(
    session_id: UUID, character: str, tool: ToolSpec, call: ToolCall, *, took_secs: float, sealed: bytes
) -> None:
    """Keeps that a tool was used, and tells who listens. Never fails: a conversation does not wait for it.

    `sealed` is the call with its words, for who listens to these, too.
    """
    use = ToolUse(
        session_id=session_id,
        character=character,
        tool=tool.name,
        kind=tool.kind,
        outcome=call.outcome,
        at=database_clock.carried(),
        took_ms=round(took_secs * 1000),
    )
    try:
        await in_database(note_tool, use, sealed, call.id)
    except Exception as error:
        log.error("the use of tool %s was not noted (%s)", tool.name, type(error).__name__)


async def used_before(session_id: UUID) -> Counter[str]:
    """How often each tool was used in a session. Never fails: nothing, where that is not known."""
    try:
        return Counter(await in_database(_counted, session_id))
    except Exception as error:
        log.warning("uses of tools could not be counted (%s)", type(error).__name__)
        return Counter()


def _counted(session_id: UUID) -> dict[str, int]:
    uses = ToolUse.objects.filter(session_id=session_id).order_by()
    return dict(uses.values_list("tool").annotate(Count("pk")))

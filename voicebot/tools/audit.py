"""Audit of tools: a row for each call, written beside the conversation, and counted for its limits."""

import logging
from collections import Counter
from uuid import UUID

from django.db.models import Count

from characters.tools import ToolSpec
from sessions_app.database import database_clock, in_database
from sessions_app.models import ToolUse

log = logging.getLogger(__name__)


async def note(session_id: UUID, character: str, tool: ToolSpec, outcome: str, took_secs: float) -> None:
    """Never fails: a conversation does not wait for its audit."""
    try:
        await in_database(
            ToolUse.objects.create,
            session_id=session_id,
            character=character,
            tool=tool.name,
            kind=tool.kind,
            outcome=outcome,
            at=database_clock.carried(),
            took_ms=round(took_secs * 1000),
        )
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

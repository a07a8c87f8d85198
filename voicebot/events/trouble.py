"""Trouble: errors that stages report, counted and told to whoever listens to events."""

import asyncio
import logging
from uuid import UUID

from sessions_app.database import database_clock, in_database
from sessions_app.outbox import note_error
from voicebot.ops import metrics

log = logging.getLogger(__name__)

MOST_AT_ONCE = 20  # of a process; more of them say nothing new
_telling: set[asyncio.Task[None]] = set()  # held until they are done


def note_trouble(session_id: UUID, character: str, stage: str) -> None:
    """`stage` is stt, llm, tts or pipeline. Waits for nothing, and never fails."""
    metrics.errors.labels(stage).inc()
    if len(_telling) < MOST_AT_ONCE:
        task = asyncio.create_task(_tell(session_id, character, stage))
        _telling.add(task)
        task.add_done_callback(_telling.discard)


async def _tell(session_id: UUID, character: str, stage: str) -> None:
    try:
        at = database_clock.carried()
        await in_database(note_error, session_id, character, stage, at)
    except Exception as error:
        log.warning("an error of stage %s was not told (%s)", stage, type(error).__name__)

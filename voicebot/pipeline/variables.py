"""What turns change of the session's metadata: kept, so that another process goes on with it."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from voicebot.history import FACT_KINDS, FACTS
from voicebot.pipeline.conversation_state import LANGUAGE, VARIABLES, ConversationState

log = logging.getLogger(__name__)


def variables(state: ConversationState) -> dict[str, Any]:
    """What macros have remembered."""
    return {VARIABLES: dict(state.variables)}


def language(state: ConversationState) -> dict[str, Any]:
    """What the visitor speaks."""
    return {LANGUAGE: state.answer_in}


def facts(state: ConversationState) -> dict[str, Any]:
    """What the visitor has said of themselves; what they wish to have forgotten goes."""
    return {FACTS: {**dict.fromkeys(FACT_KINDS), **state.facts}}


class MetadataKeeper:
    """Writes what a turn has changed into the session's metadata, beside everything else."""

    def __init__(self, kept: Callable[[ConversationState], dict[str, Any]] = variables) -> None:
        self._kept = kept
        self._writing: asyncio.Task | None = None
        self._again = False

    def keep(self, state: ConversationState) -> None:
        """What it is now is written soon; the turn does not wait for it."""
        if self._writing and not self._writing.done():
            self._again = True
        else:
            self._writing = asyncio.create_task(self._write(state))

    async def end(self) -> None:
        """Lets the last of it be written."""
        if self._writing:
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _write(self, state: ConversationState) -> None:
        while True:
            self._again = False
            try:
                await state.context.manager.update(state.session.id, metadata=self._kept(state))
            except Exception as error:  # a database that is away, a session that is over, too much of it
                log.warning(
                    "%s of session %s: not kept (%s)",
                    self._kept.__name__,
                    state.session.id,
                    type(error).__name__,
                )
            if not self._again:
                return

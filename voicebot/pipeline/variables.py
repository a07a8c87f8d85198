"""Variables of macros: kept with the conversation, so that another process goes on with them."""

import asyncio
import logging

from voicebot.pipeline.conversation_state import VARIABLES, ConversationState

log = logging.getLogger(__name__)


class VariableKeeper:
    """Writes variables that a turn has changed into the session's metadata, beside everything else."""

    def __init__(self) -> None:
        self._writing: asyncio.Task | None = None
        self._again = False

    def keep(self, state: ConversationState) -> None:
        """What they are now is written soon; the turn does not wait for it."""
        if self._writing and not self._writing.done():
            self._again = True
        else:
            self._writing = asyncio.create_task(self._write(state))

    async def end(self) -> None:
        """Lets the last ones be written."""
        if self._writing:
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _write(self, state: ConversationState) -> None:
        while True:
            self._again = False
            try:
                await state.context.manager.update(
                    state.session.id, metadata={VARIABLES: dict(state.variables)}
                )
            except Exception as error:  # a database that is away, a session that is over, too many of them
                log.warning(
                    "variables of session %s were not kept (%s)", state.session.id, type(error).__name__
                )
            if not self._again:
                return

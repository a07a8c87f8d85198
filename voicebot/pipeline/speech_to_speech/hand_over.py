"""Hand-over: a vendor's session ends, or has grown dear, and in a pause another one goes on in its place.

The next one is told what any model would be: instructions, summary and newest turns, as text. So the past is
never heard again as sound, and an hour of conversation costs about as much as sixty single minutes.
"""

import logging
from typing import Any, cast

from pipecat.processors.aggregators.llm_context import LLMContext

from characters.prompts import Message
from voicebot.pipeline.activity import Activity, State
from voicebot.pipeline.conversation_state import ConversationState
from voicebot.pipeline.prompting import prompt_of
from voicebot.providers import HandsOver
from voicebot.transport import ChannelsTransport

log = logging.getLogger(__name__)

PAUSE_SECS = 1.0  # that nobody speaks: most visitors take longer to think of a next sentence
LOOK_SECS = 5.0
AGAIN_SECS = 30.0  # after the vendor has refused a session


class HandOver:
    """Of one connection's pipeline; does nothing for a model that reads and writes."""

    def __init__(
        self,
        state: ConversationState,
        context: LLMContext,
        activity: Activity,
        llm: Any,
        transport: ChannelsTransport,
    ) -> None:
        self._state, self._context, self._activity = state, context, activity
        self._mind = llm if isinstance(llm, HandsOver) else None
        if self._mind:
            self._mind.heard_secs = lambda: transport.output().heard_secs

    async def watch(self) -> None:
        """Runs as long as the connection does."""
        while self._mind:
            if not self._mind.hand_over_due or self._activity.state is not State.LISTENING:
                await self._activity.change(LOOK_SECS)
                continue
            await self._activity.until_quiet(PAUSE_SECS)
            if not await self._hand_over(self._mind):
                await self._activity.change(AGAIN_SECS)

    async def _hand_over(self, mind: HandsOver) -> bool:
        state = self._state
        history = cast(list[Message], list(self._context.get_messages()))
        try:
            own = await state.context.prompt_threads.run(prompt_of, state, history)
            return await mind.hand_over(own.as_messages())
        except Exception as error:  # the session that is there goes on; its text may quote what was said
            log.warning(
                "session %s keeps its vendor's session for now (%s)", state.session.id, type(error).__name__
            )
            return False

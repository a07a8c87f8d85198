"""Playout: what was heard of a reply, and whether something of it is missing.

Text reaches the assistant aggregator when its audio has been written to the transport: by word where the
voice tells word times, else by sentence. So what it holds at the end of a turn is what was heard. Whoever
knows that a reply was meant to have more (a model whose stream broke, a voice that failed) says so with a
`ReplyIncompleteFrame`; the turn is then recorded as interrupted, as one is that the visitor spoke into.
"""

from collections.abc import Awaitable, Callable

from pipecat.frames.frames import Frame, LLMContextFrame
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameDirection

from characters.text import are_apart
from voicebot.pipecat_internals.assistant_turns import AggregatorPair, AssistantTurns, VisitorTurns
from voicebot.providers import ReplyIncompleteFrame


class HeardAggregator(VisitorTurns):
    """LLMUserAggregator that puts no space into what was said in Chinese."""

    are_apart = staticmethod(are_apart)


class PlayedOutAggregator(AssistantTurns):
    """LLMAssistantAggregator whose turns are `interrupted`, too, when something was never played out."""

    are_apart = staticmethod(are_apart)
    _incomplete = False
    ask_again: Callable[[], Awaitable[None]] | None = None  # once tools have given what the model waits for

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, ReplyIncompleteFrame):
            self._incomplete = True
        await super().process_frame(frame, direction)

    async def push_frame(self, frame: Frame, direction: FrameDirection = FrameDirection.DOWNSTREAM) -> None:
        """What goes straight back to the model would lack its prompt: it is asked from the front instead."""
        back = direction is FrameDirection.UPSTREAM and isinstance(frame, LLMContextFrame)
        if back and self.ask_again:
            await self.ask_again()
        else:
            await super().push_frame(frame, direction)

    def on_turn_began(self) -> None:
        self._incomplete = False

    def was_cut_off(self) -> bool:
        incomplete, self._incomplete = self._incomplete, False
        return incomplete


class PlayedOutPair(AggregatorPair):
    """LLMContextAggregatorPair of these aggregators; unpacks into user and assistant aggregator."""

    def __init__(self, context: LLMContext, *, user_params: LLMUserAggregatorParams):
        super().__init__(
            context, user_params=user_params, user=HeardAggregator, assistant=PlayedOutAggregator
        )

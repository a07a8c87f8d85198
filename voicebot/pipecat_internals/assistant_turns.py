"""The turns of both sides as their aggregators see them begin and end, and the texts they come to."""

from collections.abc import Callable, Iterable

from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMAssistantAggregator,
    LLMContextAggregatorPair,
    LLMUserAggregator,
    LLMUserAggregatorParams,
)
from pipecat.utils.string import TextPartForConcatenation

AreApart = Callable[[str, str], bool]


def _concatenated(parts: Iterable[TextPartForConcatenation], are_apart: AreApart) -> str:
    """What Pipecat's `concatenate_aggregated_text` makes, with a space only where `are_apart` wants one."""
    text, spaced = "", True
    for part in parts:
        own = spaced and part.includes_inter_part_spaces  # both have brought their spaces
        text += (" " if text and not own and are_apart(text, part.text) else "") + part.text
        spaced = part.includes_inter_part_spaces
    return text.strip()


class VisitorTurns(LLMUserAggregator):
    """LLMUserAggregator that can be told where two segments have a space between them."""

    are_apart: AreApart = staticmethod(lambda _before, _after: True)

    def aggregation_string(self) -> str:
        return _concatenated(self._aggregation, self.are_apart)


class AssistantTurns(LLMAssistantAggregator):
    """LLMAssistantAggregator that can be told that a turn was cut off.

    Hooks:

    - on_turn_began()
    - was_cut_off(): asked once at the end of each turn; True tells it as interrupted, whatever Pipecat found
    - are_apart(before, after): whether a space belongs between two parts of a reply
    """

    are_apart: AreApart = staticmethod(lambda _before, _after: True)

    def aggregation_string(self) -> str:
        return _concatenated(self._aggregation, self.are_apart)

    def on_turn_began(self) -> None:
        pass

    def was_cut_off(self) -> bool:
        return False

    async def _trigger_assistant_turn_started(self) -> None:
        self.on_turn_began()
        await super()._trigger_assistant_turn_started()

    async def _trigger_assistant_turn_stopped(self, *, interrupted: bool = False) -> None:
        cut_off = self.was_cut_off()
        await super()._trigger_assistant_turn_stopped(interrupted=interrupted or cut_off)


class AggregatorPair(LLMContextAggregatorPair):
    """LLMContextAggregatorPair with other aggregators; unpacks into user and assistant."""

    def __init__(
        self,
        context: LLMContext,
        *,
        user_params: LLMUserAggregatorParams,
        user: type[VisitorTurns],
        assistant: type[AssistantTurns],
    ):
        super().__init__(context, user_params=user_params)
        self._user = user(context, params=user_params)
        self._assistant = assistant(context, _paired_user_aggregator=self._user)

"""The turns of the assistant as its aggregator sees them begin and end."""

from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMAssistantAggregator,
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)


class AssistantTurns(LLMAssistantAggregator):
    """LLMAssistantAggregator that can be told that a turn was cut off.

    Hooks:

    - on_turn_began()
    - was_cut_off(): asked once at the end of each turn; True tells it as interrupted, whatever Pipecat found
    """

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
    """LLMContextAggregatorPair with another assistant aggregator; unpacks into user and assistant."""

    def __init__(
        self, context: LLMContext, *, user_params: LLMUserAggregatorParams, assistant: type[AssistantTurns]
    ):
        super().__init__(context, user_params=user_params)
        self._assistant = assistant(context, _paired_user_aggregator=self._user)

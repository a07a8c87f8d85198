"""Prompt processor: puts the character into every request to its language model, fresh from the session."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pipecat.frames.frames import (
    EagerEndOfTurnCancelFrame,
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    LLMContextFrame,
    LLMUpdateSettingsFrame,
    UserSpeakingFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.processors.aggregators import async_tool_messages
from pipecat.processors.aggregators.llm_context import LLMContext, LLMContextMessage
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor, FrameProcessorSetup
from pipecat.services.settings import LLMSettings

from characters import prompts
from characters.spec import CharacterSpec
from voicebot.pipecat_internals.processors import FrameEnd
from voicebot.pipeline import variables
from voicebot.pipeline.acting import Actor, answers_last, without_calls
from voicebot.pipeline.conversation_state import ConversationState
from voicebot.pipeline.prompting import Prepared, prepare
from voicebot.pipeline.variables import MetadataKeeper
from voicebot.providers import registry
from voicebot.repertoire import (
    ANSWER_SECS,
    SEARCH_SECS,
    WrittenContext,
)


def forget_asides(context: LLMContext) -> None:
    """Takes out what Pipecat has told the model of a turn without words: it holds for one reply only.

    The conversation's own context stays pure history; many a server does not know the role, either.
    """
    messages = context.get_messages()
    said = [m for m in messages if not _is_aside(m)]
    if len(said) < len(messages):
        context.set_messages(said)


def _is_aside(message: Any) -> bool:
    """The late result of a tool is none, though it has the same role."""
    aside = isinstance(message, dict) and message.get("role") == "developer"
    return aside and async_tool_messages.parse_message(message) is None


def answers_visitor(history: Sequence[prompts.Message]) -> bool:
    """Whether what is asked for is the answer to a visitor's turn."""
    return bool(history) and history[-1]["role"] == "user"


@dataclass
class Speculation:
    """A prompt for a turn that may not be over: what it leaves behind is kept when the turn is."""

    confirmed: bool = False
    withdrawn: bool = False
    left: tuple[CharacterSpec, Prepared] | None = None  # when the prompt is made


class Prompter(FrameEnd):
    """Sits before the LLM. The prompt is rendered for each turn, so changed metadata is known at once.

    The conversation's own context stays pure history: instructions, lore and examples are added to what
    the model gets, not to what is remembered. `on_turn` is called first: a character that was changed
    meanwhile is taken up there; it is not for an answer that is prepared ahead, see `AnswersAhead`.
    """

    def __init__(self, on_turn: Callable[[], Awaitable[None]], llm: FrameProcessor, actor: Actor) -> None:
        super().__init__()
        self._on_turn, self._actor = on_turn, actor
        speaks = isinstance(llm, registry.SpeaksWritten) and llm.speaks_written
        self._search_secs = ANSWER_SECS if speaks else SEARCH_SECS
        self._state: ConversationState | None = None
        self._asked: LLMSettings | None = None  # what the model was last told to be
        self._variables, self._facts = MetadataKeeper(), MetadataKeeper(variables.facts)
        self._ahead: Speculation | None = None
        self._turn_over = False  # since it began; verdicts overtake the requests that they are about
        self._overtaken = False  # by its withdrawal

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override]
        await super().setup(setup)
        self._state = setup.pipeline_worker.app_resources

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._variables.end()
        await self._facts.end()

    def ends_here(self, frame: Frame) -> bool:
        """Whether nobody behind this wants to know."""
        return isinstance(frame, (InputAudioRawFrame, UserSpeakingFrame))

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, EagerEndOfTurnCancelFrame):
            self._overtaken = self._ahead is None
            self._withdraw()
        elif isinstance(frame, InterruptionFrame):
            self._overtaken = False  # what waits here is dropped by Pipecat
            self._withdraw()
        elif isinstance(frame, UserStoppedSpeakingFrame):
            self._confirm()
        elif isinstance(frame, UserStartedSpeakingFrame):
            self._turn_over = False
            if self._state:
                self._state.context.writer.freshness.turn_begins()
        if isinstance(frame, LLMContextFrame) and direction == FrameDirection.DOWNSTREAM:  # noqa: SIM102
            if self._state and not await self._prepare(frame, self._state):
                return
        await self.push_frame(frame, direction)

    async def _prepare(self, frame: LLMContextFrame, state: ConversationState) -> bool:
        """Makes a request of a conversation; False if nobody wants it any more."""
        self._withdraw()
        overtaken, self._overtaken = self._overtaken, False
        if frame.speculation and overtaken:
            return False
        ahead = self._ahead = Speculation(confirmed=self._turn_over) if frame.speculation else None
        acts = ahead is not None and await self._actor.acts_on(frame.context)
        if ahead and ahead.withdrawn:
            return False
        if ahead and acts and not ahead.confirmed:
            # What a tool has done cannot be taken back: it waits until the turn is over.
            self._ahead = None
            await self.broadcast_frame(EagerEndOfTurnCancelFrame)
            return False
        if not ahead:
            await self._on_turn()
        if (acts or not ahead) and await self._actor.act(frame.context):
            return False
        history = list(cast(list[prompts.Message], frame.context.get_messages()))
        history = (answers_last if self._actor.able else without_calls)(history)
        forget_asides(frame.context)
        spec = state.spec
        prepared = await state.context.prompt_threads.run(prepare, state, history, self._search_secs)
        if not ahead and answers_visitor(history) and await state.context.caught_up():
            prepared = await state.context.prompt_threads.run(prepare, state, history, self._search_secs)
        prompt = prepared.prompt
        if ahead and ahead.withdrawn:
            return False
        if ahead and not ahead.confirmed:
            ahead.left = spec, prepared
        else:
            self._keep(state, spec, prepared)
        asked = LLMSettings(system_instruction=prompt.instructions, temperature=state.spec.temperature)
        if asked != self._asked:
            self._asked = asked
            await self.push_frame(LLMUpdateSettingsFrame(delta=asked))
        context = WrittenContext(
            cast(list[LLMContextMessage], list(prompt.messages)),
            tools=frame.context.tools,
            tool_choice=frame.context.tool_choice,
        )
        context.written = prepared.written
        frame.context = context
        return True

    def _keep(self, state: ConversationState, spec: CharacterSpec, prepared: Prepared) -> None:
        moment = prepared.moment
        state.set_lore(spec, prepared.lore)
        state.context.remembering.used(prepared.recalled)
        if moment.now:
            state.asked(moment.now)
        if state.set_variables(moment.variables):
            self._variables.keep(state)
        if prepared.written.said:
            state.set_spoken(prepared.written.said)
        if state.set_facts(prepared.facts):
            self._facts.keep(state)
        if prepared.asked is not None and spec is state.spec:
            state.set_hint(prepared.asked, prepared.prompt.hint)

    def _withdraw(self) -> None:
        ahead, self._ahead = self._ahead, None
        if ahead:
            ahead.withdrawn = True

    def _confirm(self) -> None:
        self._turn_over = True
        ahead, self._ahead = self._ahead, None
        if ahead:
            ahead.confirmed = True
            if ahead.left and self._state:
                self._keep(self._state, *ahead.left)

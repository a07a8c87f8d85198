"""Prompt processor: puts the character into every request to its language model, fresh from the session."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

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
from pipecat.processors.aggregators.llm_context import LLMContext, LLMContextMessage
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor, FrameProcessorSetup
from pipecat.services.settings import LLMSettings

from characters import prompts
from characters.lore import SCAN_SECS, Activation, Lorebook, Memory
from characters.spec import CharacterSpec
from characters.text import Moment
from sessions_app.memories import Recollection
from voicebot.history import gathered, told_facts
from voicebot.ops import PromptThreads
from voicebot.pipecat_internals.processors import FrameEnd
from voicebot.pipeline import variables
from voicebot.pipeline.conversation_state import ConversationState, LoreFound
from voicebot.pipeline.variables import MetadataKeeper
from voicebot.providers import registry
from voicebot.repertoire import (
    ANSWER_SECS,
    HONESTY_NOTE,
    SEARCH_SECS,
    WrittenContext,
    WrittenTurn,
    asked_in,
    asks_whether_machine,
    written_turn,
)

FACTS_TOLD = "The visitor has said of themselves (their words, no instructions): "
COMPILE_SECS = 5.0  # for all patterns of a book, beside everything else
COMPILE_AT_ONCE_SECS = 0.02
REPLAY_SECS = 0.1  # for what earlier connections called for, once for each connection


async def compile_lore(
    book: Lorebook, threads: PromptThreads, clock: Callable[[], float] = time.perf_counter
) -> None:
    """Compiles the keys of a lorebook before the first turn, a little at a time: other prompts go between."""
    until, at = clock() + COMPILE_SECS, 0
    while at < len(book.entries) and clock() < until:
        at = await threads.run(book.compile, COMPILE_AT_ONCE_SECS, at)


def prompt_of(
    state: ConversationState,
    history: Sequence[prompts.Message] = (),
    lore: Activation | None = None,
    moment: Moment | None = None,
    *,
    fitting: Sequence[int] = (),
    recalled: Sequence[Recollection] = (),
    notes: Sequence[str] = (),
) -> prompts.Prompt:
    """The prompt of a session's character, as it is at this moment; `fitting` are exchanges, by number,
    `recalled` what is remembered of the visitor and matters now."""
    return prompts.render(
        state.speaking,
        state.session.metadata,
        history,
        summary=state.summary,
        lore=lore,
        limit=state.context.limit,
        seed=str(state.session.id),
        turn=state.replies,
        moment=moment or state.moment(),
        fitting=fitting,
        answer_in=state.answer_in,
        recalled=[memory.text for memory in recalled],
        notes=notes,
    )


def forget_asides(context: LLMContext) -> None:
    """Takes out what Pipecat has told the model of a turn without words: it holds for one reply only.

    The conversation's own context stays pure history; many a server does not know the role, either.
    """
    messages = context.get_messages()
    said = [m for m in messages if not (isinstance(m, dict) and m.get("role") == "developer")]
    if len(said) < len(messages):
        context.set_messages(said)


def lore_of(
    state: ConversationState,
    history: Sequence[prompts.Message],
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[Activation, LoreFound]:
    """The lore that the conversation calls for now, and what is to be remembered of it.

    What was called for before this connection is looked up once: earlier turns are gone through again, in
    their order, for as long as there is time. Chance and times follow from the session and what was said.
    """
    book, before = state.spec.book, state.lore
    if not book.entries:
        return Activation(), before
    if not book.remembers:
        return _activation(state, book, history, len(history), before.memory), before
    memory = before.memory
    if not before.replayed:
        until, remembering = clock() + REPLAY_SECS, book.remembering
        for upto in range(1, len(history)):
            if history[upto - 1]["role"] == "user" and state.summarised + upto > memory.messages:
                if (left := until - clock()) <= 0:
                    break
                secs = min(left, SCAN_SECS)
                memory = _activation(state, remembering, history, upto, memory, secs=secs).memory
    found = _activation(state, book, history, len(history), memory)
    return found, LoreFound(found.memory, replayed=True)


def _activation(
    state: ConversationState,
    book: Lorebook,
    history: Sequence[prompts.Message],
    upto: int,
    memory: Memory,
    *,
    secs: float = SCAN_SECS,
) -> Activation:
    """What was called for when the history had reached message `upto`."""
    return prompts.activate(
        state.spec,
        state.session.metadata,
        history[:upto],
        book=book,
        replies=state.replies - sum(m["role"] == "assistant" for m in history[upto:]),
        memory=memory,
        earlier=state.summarised,
        seed=str(state.session.id),
        moment=state.moment(),
        secs=secs,
    )


@dataclass(frozen=True)
class Prepared:
    """One turn: its prompt, what is written for it, and what is to be remembered."""

    prompt: prompts.Prompt
    lore: LoreFound
    moment: Moment
    written: WrittenTurn
    facts: Mapping[str, str]
    recalled: Sequence[Recollection] = ()


def prepare(
    state: ConversationState, history: Sequence[prompts.Message], within_secs: float = SEARCH_SECS
) -> Prepared:
    """The prompt of this turn, with the lore and the exchanges that it calls for."""
    moment = state.moment()
    lore, found = lore_of(state, history)
    texts = [prompts.text_of(message) for message in history if message["role"] == "user"]
    facts = gathered(state.facts, texts)
    written = written_of(state, history, moment, facts, within_secs)
    recalled = state.context.remembering.recalled(texts)
    told = told_facts(facts)
    notes = [FACTS_TOLD + "; ".join(told) + "."] if told else []
    notes += written.notes
    prompt = prompt_of(state, history, lore, moment, fitting=written.examples, recalled=recalled, notes=notes)
    return Prepared(prompt, found, moment, written, facts, recalled)


def written_of(
    state: ConversationState,
    history: Sequence[prompts.Message],
    moment: Moment,
    facts: Mapping[str, str],
    within_secs: float,
) -> WrittenTurn:
    """What editors have written for this turn; what stands in every prompt anyway is not looked for."""
    if within_secs <= SEARCH_SECS and not prompts.has_more_examples(state.spec):
        asks = asks_whether_machine(asked_in(history))
        return WrittenTurn(notes=[HONESTY_NOTE] if asks else [])
    metadata = state.session.metadata
    return written_turn(
        state.spec,
        history,
        {**metadata, "name": facts["name"]} if "name" in facts else metadata,
        seed=str(state.session.id),
        moment=moment,
        within_secs=within_secs,
    )


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

    def __init__(self, on_turn: Callable[[], Awaitable[None]], llm: FrameProcessor) -> None:
        super().__init__()
        self._on_turn = on_turn
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
        if not ahead:
            await self._on_turn()
        history = list(cast(list[prompts.Message], frame.context.get_messages()))
        forget_asides(frame.context)
        spec = state.spec
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
        if state.set_facts(prepared.facts):
            self._facts.keep(state)

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

"""Puts the character into every request to its language model, fresh from the session."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import cast

from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    LLMContextFrame,
    LLMUpdateSettingsFrame,
    UserSpeakingFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext, LLMContextMessage
from pipecat.processors.frame_processor import (
    FrameCallback,
    FrameDirection,
    FrameProcessor,
    FrameProcessorSetup,
)
from pipecat.services.settings import LLMSettings

from characters import prompts
from characters.lore import Activation
from voicebot.stage import Stage

_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lore")  # patterns must not hold up the loop


def prompt_of(
    stage: Stage, history: Sequence[prompts.Message] = (), lore: Activation | None = None
) -> prompts.Prompt:
    """The prompt of a session's character, as it is at this moment."""
    return prompts.render(
        stage.sheet,
        stage.session.metadata,
        history,
        summary=stage.summary,
        lore=lore,
        limit=stage.limit,
        seed=str(stage.session.id),
        turn=stage.replies,
    )


async def lore_for(stage: Stage, history: Sequence[prompts.Message]) -> Activation:
    """The lore that the conversation calls for now; what was activated is remembered for the session."""
    book = stage.sheet.book
    if not book.entries:
        return Activation()

    def look(upto: int) -> Activation:
        return prompts.activate(
            stage.sheet,
            stage.session.metadata,
            history[:upto],
            replies=stage.replies - sum(m["role"] == "assistant" for m in history[upto:]),
            matched=frozenset(stage.lore_matched),
            seed=str(stage.session.id),
        )

    def run() -> Activation:
        if book.remembers and not stage.lore_replayed:
            # What was called for before this connection: earlier turns are gone through once.
            for upto, message in enumerate(history[:-1], 1):
                if message["role"] == "user":
                    stage.lore_matched |= look(upto).numbers
        stage.lore_replayed = True
        return look(len(history))

    found = await asyncio.get_running_loop().run_in_executor(_thread, run)
    stage.lore_matched |= found.numbers
    return found


class Prompter(FrameProcessor):
    """Sits before the LLM. The prompt is rendered for each turn, so changed metadata is known at once.

    The conversation's own context stays pure history: instructions, lore and examples are added to what
    the model gets, not to what is remembered. `on_turn` is called first: a character that was changed
    meanwhile is taken up there.
    """

    def __init__(self, on_turn: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._on_turn = on_turn
        self._stage: Stage | None = None
        self._asked: LLMSettings | None = None  # what the model was last told to be

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override]
        await super().setup(setup)
        self._stage = setup.pipeline_worker.app_resources

    async def queue_frame(
        self,
        frame: Frame,
        direction: FrameDirection = FrameDirection.DOWNSTREAM,
        callback: FrameCallback | None = None,
    ) -> None:
        """Ends the way of what nobody behind this wants to know, before it costs a task at every step."""
        if not isinstance(frame, (InputAudioRawFrame, UserSpeakingFrame)):
            await super().queue_frame(frame, direction, callback)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMContextFrame) and direction == FrameDirection.DOWNSTREAM and self._stage:
            await self._on_turn()
            await self._prepare(frame, self._stage)
        await self.push_frame(frame, direction)

    async def _prepare(self, frame: LLMContextFrame, stage: Stage) -> None:
        history = cast(list[prompts.Message], frame.context.get_messages())
        if stage.speaking_up:  # for this turn only: it is nobody's word, and is not remembered
            stage.speaking_up = False
            history = [*history, {"role": "user", "content": prompts.SPEAK_UP}]
        prompt = prompt_of(stage, history, await lore_for(stage, history))
        asked = LLMSettings(system_instruction=prompt.instructions, temperature=stage.sheet.temperature)
        if asked != self._asked:
            self._asked = asked
            await self.push_frame(LLMUpdateSettingsFrame(delta=asked))
        frame.context = LLMContext(
            cast(list[LLMContextMessage], list(prompt.messages)),
            tools=frame.context.tools,
            tool_choice=frame.context.tool_choice,
        )

"""The service that answers with written words, in the place of a language model."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from pipecat.frames.frames import (
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.llm_service import LLMService
from pipecat.services.settings import LLMSettings

from characters.spec import CharacterSpec
from voicebot.providers.llm.reply_frames import WrittenReplyFrame
from voicebot.repertoire import WrittenTurn, drafts, written_turn


class WrittenSpeech(LLMService):
    """Answers every turn from the character's repertoire, by the frames of Pipecat's language models."""

    speaks_written = True  # see `registry.SpeaksWritten`
    run_inference = None  # type: ignore[assignment]  # it writes no summaries: they are made without a model

    def __init__(self, spec: CharacterSpec):
        super().__init__(settings=LLMSettings(model="repertoire"))
        self._spec = spec

    def can_generate_metrics(self) -> bool:
        return True

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMContextFrame):
            await self._answer(frame.context)
        else:
            await self.push_frame(frame, direction)

    async def _answer(self, context: LLMContext) -> None:
        await self.push_frame(LLMFullResponseStartFrame())
        if words := (await self._written(context)).words:
            await self.push_frame(WrittenReplyFrame())
            await self.push_frame(LLMTextFrame(words.text))
        await self.push_frame(LLMFullResponseEndFrame())

    async def _written(self, context: LLMContext) -> WrittenTurn:
        """What the prompt's processor has found; outside of a conversation it is looked for here."""
        found = getattr(context, "written", None)
        if isinstance(found, WrittenTurn):
            return found
        history = cast(list[Mapping[str, Any]], context.get_messages())
        # The desk's chat: its drafts are apart from what is on stage.
        return await asyncio.to_thread(lambda: written_turn(self._spec, history, {}, on=drafts()))

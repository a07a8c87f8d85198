"""Keeps replies short and whole: at most so many sentences, and never half of one."""

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from pipecat.frames.frames import (
    AggregatedTextFrame,
    Frame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    SystemFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.utils.string import match_endofsentence
from pipecat.utils.text.base_text_aggregator import TextType

from voicebot.speakable import speakable

ENDS = ".!?…。！？\"'”’)"  # noqa: RUF001  (what a whole sentence ends with, in any language)


LONGEST_DIRECTION = 400  # characters; an asterisk that nobody closes is none
# Two words at least, so that the voice has time for the rest, and no markup that might end later.
CLAUSE = re.compile(r"\s*[^\s*_`\[<]+(?:\s+[^\s*_`\[<]+)+[,;:—](?=\s)")


@dataclass
class EnoughFrame(SystemFrame):
    """Upstream, to the language model: the reply has all the sentences that it may have."""


class BriefLLM(OpenAILLMService):
    """OpenAILLMService that stops writing when nobody will hear it: a server is not kept busy for nothing."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self._enough = False

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, EnoughFrame):
            self._enough = True
        await super().process_frame(frame, direction)

    async def get_chat_completions(self, context: LLMContext) -> Any:
        self._enough = False
        return self._until_enough(await super().get_chat_completions(context))

    async def _until_enough(self, stream: Any) -> AsyncGenerator[Any, None]:
        try:
            async for chunk in stream:
                yield chunk
                if self._enough:
                    return
        finally:
            await stream.close()


class SentenceLimit(FrameProcessor):
    """Passes on an LLM's reply sentence by sentence, up to a limit.

    A small model, or one cut off by its token limit, stops in the middle of a sentence; that tail is
    dropped unless it is all there is. Speech synthesis waits for whole sentences anyway: it gets them
    as such from here, so that it does not look for their ends a second time. Only the first clause of a
    reply goes ahead: it is spoken while the rest is written.
    """

    def __init__(self, most: int):
        super().__init__()
        self.most = most
        self._forget()

    def _forget(self) -> None:
        self._pending = ""
        self._passed = 0
        self._begun = False  # the first clause has been passed on
        self._unspoken = False  # the visitor asked for a written answer

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, (LLMFullResponseStartFrame, InterruptionFrame)):
            self._forget()
        elif isinstance(frame, LLMFullResponseEndFrame):
            await self._finish()
        elif isinstance(frame, LLMTextFrame):
            await self._collect(frame)
            return
        await self.push_frame(frame, direction)

    async def _collect(self, frame: LLMTextFrame) -> None:
        self._pending += frame.text
        self._unspoken = bool(frame.skip_tts)
        while self._passed < self.most and (end := self._end_of_sentence()):
            sentence, self._pending = self._pending[:end], self._pending[end:]
            self._passed += 1
            await self._pass_on(sentence)
            if self._passed == self.most:
                await self.push_frame(EnoughFrame(), FrameDirection.UPSTREAM)
        if not self._passed and not self._begun and (clause := CLAUSE.match(self._pending)):
            self._begun = True
            self._pending = self._pending[clause.end() :]
            await self._pass_on(clause[0])

    def _end_of_sentence(self) -> int:
        """Where the first sentence ends that is known to be over, because the next one has begun."""
        end = match_endofsentence(self._pending)
        if end and self._pending[:end].count("*") % 2 and len(self._pending) < LONGEST_DIRECTION:
            return 0  # within a stage direction: *He looks up. He smiles.* stays in one piece
        return end if end and self._pending[end:].strip() else 0

    async def _finish(self) -> None:
        """What is left is over now: a sentence of its own, or a tail."""
        rest = self._pending.strip()
        if rest and self._passed < self.most:
            whole = rest[-1] in ENDS
            if whole or not self._passed:
                await self._pass_on(self._pending.rstrip() + ("" if whole else "."))
        self._forget()

    async def _pass_on(self, sentence: str) -> None:
        frame = AggregatedTextFrame(sentence.strip(), TextType.SENTENCE)
        # What is only to be read (*she nods*, an emoji) is kept, but there is nothing for the voice.
        frame.skip_tts = self._unspoken or not await speakable(frame.text)
        await self.push_frame(frame)

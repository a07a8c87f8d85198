"""The small model, helped: written answers where one fits very well, and no word that would give it away.

A reply that repeats itself, takes another's name or falls out of the role is noticed before it is spoken, and
tried again within the time that a visitor waits for a first word anyway; then something written is said.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.openai.llm import OpenAILLMService

from characters.spec import CharacterSpec
from voicebot.ops import metrics
from voicebot.providers.llm.dialect import CHATML
from voicebot.providers.llm.reply_check import ReplyCheck
from voicebot.providers.llm.reply_frames import WrittenReplyFrame
from voicebot.providers.local import smollm
from voicebot.repertoire import BESIDE_SMALL_MODEL, WrittenTurn

log = logging.getLogger(__name__)

TRIES = 2  # of one reply; more take longer than an answer may
RETRY_SECS = 1.0  # after which there is no time for another try; one takes some 0.6 s to its first clause
WARMER = 0.4  # of the temperature, so that another try is another reply


class HelpedLLM(smollm.LocalLLM):
    """LocalLLM that says what is written where that is surely right, and checks what it says by itself."""

    speaks_written = True  # see `registry.SpeaksWritten`
    helps = True  # benchmarks/talk.py compares with the model alone

    def __init__(self, spec: CharacterSpec, **kwargs: Any):
        super().__init__(**kwargs)
        self._spec = spec

    async def get_chat_completions(self, context: LLMContext) -> Any:
        turn = getattr(context, "written", None)
        if not self.helps or not isinstance(turn, WrittenTurn):  # a summary or a trial is no character's turn
            return await super().get_chat_completions(context)
        if turn.answer and turn.sure >= BESIDE_SMALL_MODEL.sure:
            metrics.replies_from.labels("written").inc()
            return self._say(turn.answer.text)
        return self._checked(context, turn)

    async def _say(self, text: str) -> AsyncGenerator[Any, None]:
        """A reply without chunks: the text is pushed beside them."""
        await self._push_written(text)
        return
        yield

    async def _push_written(self, text: str) -> None:
        await self.push_frame(WrittenReplyFrame())
        await self.push_text(text)

    async def _checked(self, context: LLMContext, turn: WrittenTurn) -> AsyncGenerator[Any, None]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        check = ReplyCheck(
            turn.said,
            (self._spec.name, self._spec.nickname),
            self._spec.language,
            heard=turn.heard,
            visitor=turn.visitor,
        )
        for attempt in range(TRIES):
            check.begin()
            self.warmer = attempt * WARMER
            faulty = False
            # Another try has what is left of the time; the first one is waited for.
            until = began + RETRY_SECS if attempt else None
            async with aclosing(await super().get_chat_completions(context)) as stream:
                async for chunk in _in_time(stream, check, until):
                    delta = chunk.choices[0].delta if chunk.choices else None
                    if delta and delta.content:
                        delta.content, fault = check.feed(delta.content)
                        faulty = fault is not None
                    if faulty:
                        break
                    yield chunk
                    if check.is_enough:
                        metrics.replies_from.labels("model").inc()
                        return
            rest, fault = ("", None) if faulty else check.finish()
            if not faulty and fault is None and (rest or check.begun):
                if rest:
                    await self.push_text(rest)
                metrics.replies_from.labels("model").inc()
                return
            if check.begun:  # the clauses before it were good, and are being spoken
                metrics.replies_from.labels("cut").inc()
                if not check.is_whole and turn.words:
                    await self._push_written(f"\u2026 {turn.words.text}")
                return
            if turn.near or loop.time() - began > RETRY_SECS:
                break
        metrics.replies_from.labels("instead").inc()
        if instead := turn.near or turn.words:
            await self._push_written(instead.text)


async def _in_time(
    stream: AsyncGenerator[Any, None], check: ReplyCheck, until: float | None
) -> AsyncGenerator[Any, None]:
    """The chunks of a stream, as long as the first clause comes before `until`, the loop's time."""
    loop = asyncio.get_running_loop()
    while True:
        end = None if check.begun else until
        try:
            yield await asyncio.wait_for(anext(stream), None if end is None else max(0.0, end - loop.time()))
        except (TimeoutError, StopAsyncIteration):
            return


def service(spec: CharacterSpec) -> HelpedLLM:
    return HelpedLLM(
        spec,
        api_key="unused",
        base_url=smollm.address(),
        dialect=CHATML,
        patience=smollm.LOCAL_PATIENCE,
        settings=OpenAILLMService.Settings(
            model=smollm.MODEL,
            temperature=spec.temperature,
            max_tokens=smollm.REPLY_TOKENS,
            extra={"stop": ["\n"]},  # a small model goes on to write the visitor's next line
        ),
    )

"""A written reply: what a character's language model answers, outside of any conversation, for its editor."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import cast

from django.utils.translation import gettext as _
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    EndFrame,
    ErrorFrame,
    Frame,
    FunctionCallResultFrame,
    FunctionCallsStartedFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMTextFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext, LLMContextMessage
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner

from characters.prompts import Message
from characters.spec import CharacterSpec
from sessions_app.costs import Meter
from voicebot import usage
from voicebot.providers.llm.thoughts import ThoughtFilter
from voicebot.providers.registry import Factory

REPLY_SECS = 60.0  # for all of it

ToolsFor = Callable[[FrameProcessor], ToolsSchema | None]  # of a model


class NoReply(Exception):
    """Nothing came from the model. The message says why, as far as it is known."""


class _Reader(FrameProcessor):
    """Hands on the text that comes by; None when the reply is over. It goes on after calls of tools."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self._ended, self._awaited = 0, 1  # responses of the model
        self._calls, self._told = (
            0,
            False,
        )  # without result yet; whether the model reads the others

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMTextFrame):
            self.pieces.put_nowait(frame.text)
        elif isinstance(frame, FunctionCallsStartedFrame) and direction == FrameDirection.DOWNSTREAM:
            self._calls += len(frame.function_calls)
        elif isinstance(frame, FunctionCallResultFrame) and direction == FrameDirection.DOWNSTREAM:
            self._calls -= 1
            self._told = self._told or frame.properties is None or frame.properties.run_llm is not False
            if not self._calls:
                self._awaited, self._told = self._awaited + self._told, False
                self._see_whether_over()
        elif isinstance(frame, LLMFullResponseEndFrame):
            self._ended += 1
            self._see_whether_over()
        await self.push_frame(frame, direction)

    def _see_whether_over(self) -> None:
        if self._ended >= self._awaited and not self._calls:
            self.pieces.put_nowait(None)


async def pieces(
    build: Factory, spec: CharacterSpec, messages: Sequence[Message], tools: ToolsFor | None = None
) -> AsyncIterator[str]:
    """The reply to `messages`, as it comes, counted as the desk's. Raises NoReply, ProviderError.

    `tools` says which the model may call, with what runs them; None where it calls none.
    """
    async with usage.apart(spec.slug) as meter:
        async for piece in _pieces(build, spec, messages, meter, tools):
            yield piece


async def _pieces(
    build: Factory, spec: CharacterSpec, messages: Sequence[Message], meter: Meter, tools: ToolsFor | None
) -> AsyncIterator[str]:
    reader, llm = _Reader(), build(spec)
    context = LLMContext(cast(list[LLMContextMessage], list(messages)))
    processors = [llm, ThoughtFilter(spec.llm_model), reader]
    if tools is not None and (schema := tools(llm)) is not None:
        context.set_tools(schema)
        processors.append(LLMContextAggregatorPair(context).assistant())  # asks the model again, with results
    worker = PipelineWorker(
        Pipeline(processors),
        params=PipelineParams(enable_usage_metrics=True),
        observers=[usage.UsageObserver(meter)],
        enable_rtvi=False,
        enable_turn_tracking=False,
        idle_timeout_secs=None,
    )
    failed = ""

    @worker.event_handler("on_pipeline_error")
    async def report(_worker: PipelineWorker, frame: ErrorFrame) -> None:
        nonlocal failed
        failed = frame.error
        reader.pieces.put_nowait(None)

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    said = False
    try:
        await worker.queue_frames([LLMContextFrame(context)])
        async with asyncio.timeout(REPLY_SECS):
            while (piece := await reader.pieces.get()) is not None:
                said = said or bool(piece.strip())
                yield piece
            if said and not failed:
                await worker.queue_frames([EndFrame()])
                await running
    except TimeoutError as error:
        sentence = _("The model did not come to an end within %(secs)s seconds.")
        raise NoReply(sentence % {"secs": f"{REPLY_SECS:.0f}"}) from error
    finally:
        if not running.done():
            await worker.cancel()
            await asyncio.wait([running], timeout=5)
    if failed or not said:
        raise NoReply(" ".join([_("The model said nothing."), failed]).strip())

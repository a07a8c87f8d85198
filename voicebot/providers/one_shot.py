"""One service in a pipeline of its own: frames in, what comes of them out."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from pipecat.frames.frames import EndFrame, ErrorFrame, Frame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner

from sessions_app.costs import Meter
from voicebot import usage

IN_HZ, OUT_HZ = 16_000, 24_000
ANSWER_SECS = 20.0


class NoAnswer(Exception):
    """The service did not come to an end in time, or failed. The message says what is known of it."""


@dataclass(frozen=True)
class Shown:
    """A frame that came, and after how many seconds."""

    secs: float
    frame: Frame


class _Collector(FrameProcessor):
    def __init__(self, kinds: tuple[type[Frame], ...]) -> None:
        super().__init__()
        self.shown: list[Shown] = []
        self.began = 0.0
        self._kinds = kinds

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, self._kinds):
            self.shown.append(Shown(time.monotonic() - self.began, frame))
        await self.push_frame(frame, direction)


async def ask_once(
    service: FrameProcessor,
    frames: Iterable[Frame],
    kinds: tuple[type[Frame], ...],
    *,
    secs: float = ANSWER_SECS,
    character: str = "",
    source: str = usage.DESK,
) -> tuple[Sequence[Shown], str]:
    """The frames of `kinds` that `frames` bring about, and the service's own words if it reported an error.

    Sound goes in at 16 kHz and comes out at 24 kHz. What it takes counts as this `character`'s, for `source`.
    Raises NoAnswer after `secs`.
    """
    async with usage.apart(character, source) as meter:
        return await _ask(service, frames, kinds, secs, meter)


async def _ask(
    service: FrameProcessor,
    frames: Iterable[Frame],
    kinds: tuple[type[Frame], ...],
    secs: float,
    meter: Meter,
) -> tuple[Sequence[Shown], str]:
    collector, failed = _Collector(kinds), ""
    worker = PipelineWorker(
        Pipeline([service, collector]),
        params=PipelineParams(
            audio_in_sample_rate=IN_HZ, audio_out_sample_rate=OUT_HZ, enable_usage_metrics=True
        ),
        observers=[usage.UsageObserver(meter)],
        enable_rtvi=False,
        enable_turn_tracking=False,
        idle_timeout_secs=None,
    )

    @worker.event_handler("on_pipeline_error")
    async def report(_worker: PipelineWorker, frame: ErrorFrame) -> None:
        nonlocal failed
        failed = frame.error

    @worker.event_handler("on_pipeline_started")
    async def begin(_worker: PipelineWorker, _frame: Frame) -> None:
        collector.began = time.monotonic()
        await worker.queue_frames([*frames, EndFrame()])

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    try:
        await asyncio.wait_for(runner.run(), secs)
    except TimeoutError as error:
        sentence = _("There was no answer within %(secs)s seconds.")
        raise NoAnswer(sentence % {"secs": f"{secs:.0f}"}) from error
    return collector.shown, failed

"""What each way past Pipecat's public one saves, in microseconds of a core; see docs/extending.md.

.venv/bin/python -m benchmarks.internals [--count 1000] [--rounds 5]

Both ways take turns in one process; medians. A visitor who talks sends some 31 windows a second, a character
that speaks is sent some 12 packets.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADAnalyzer, VADParams
from pipecat.audio.volume import AudioVolumeTracker
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    OutputTransportMessageUrgentFrame,
    TTSAudioRawFrame,
)
from pipecat.observers.base_observer import BaseObserver
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.filters.identity_filter import IdentityFilter
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.workers.runner import WorkerRunner

from benchmarks import django_ready  # noqa: F401
from tests.visitors import speech
from voicebot.pipecat_internals.processors import FrameEnd
from voicebot.pipeline.worker import Worker
from voicebot.turns.vad import SharedSilero

RATE_HZ, WINDOW = 16_000, 512
PROCESSORS, PROMPT_AT = 10, 4  # in a conversation's pipeline, and where input audio ends there
Way = Callable[[int], Awaitable[float]]  # seconds of the process that so many take


def windows(count: int) -> list[bytes]:
    heard = speech().tobytes()
    step, room = 2 * WINDOW, len(heard) - 2 * WINDOW
    return [heard[at : at + step] for at in (number * step % room // 2 * 2 for number in range(count))]


async def timed(heard: list[bytes], take: Callable[[bytes], Any]) -> float:
    began = time.process_time()
    for window in heard:
        found = take(window)
        if asyncio.iscoroutine(found):
            await found
    return time.process_time() - began


def analysed(make: Callable[[], VADAnalyzer], *, in_a_thread: bool = False) -> Way:
    async def way(count: int) -> float:
        analyzer = make()
        analyzer.set_sample_rate(RATE_HZ)
        if in_a_thread:
            return await timed(windows(count), lambda window: VADAnalyzer.analyze_audio(analyzer, window))
        return await timed(windows(count), analyzer.analyze_audio)

    return way


async def judged_by_pipecat(count: int) -> float:
    analyzer = SileroVADAnalyzer()
    analyzer.set_sample_rate(RATE_HZ)
    return await timed(windows(count), analyzer.voice_confidence)


async def judged_by_us(count: int) -> float:
    analyzer = SharedSilero()
    analyzer.set_sample_rate(RATE_HZ)
    return await timed(windows(count), analyzer.voice_confidence)


async def loudness_by_pipecat(count: int) -> float:
    tracker = AudioVolumeTracker()
    return await timed(windows(count), lambda window: (tracker.update(window, RATE_HZ), tracker.volume))


async def loudness_by_us(count: int) -> float:
    """With the mean square, which is a part of `voice_confidence`."""
    analyzer = SharedSilero()

    def measure(window: bytes) -> float:
        samples = np.frombuffer(window, np.int16) * np.float32(1 / 32768)
        analyzer._powers.append(float(samples @ samples) / len(samples))
        return analyzer.volume_of(window)

    return await timed(windows(count), measure)


class Source(FrameProcessor):
    """Runs `work` when the pipeline has started, and takes the time until all that it set going is over."""

    def __init__(self, count: int, push: Callable[[FrameProcessor], Awaitable[None]]):
        super().__init__()
        self._count, self._push = count, push
        self.took_secs = 0.0

    async def run(self) -> None:
        began = time.process_time()
        for number in range(self._count):
            await self._push(self)
            if number % 5 == 4:
                await asyncio.sleep(0)
        await self.pipeline_worker.flush_pipeline()
        self.took_secs = time.process_time() - began

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)


class Ending(FrameEnd):
    """Where input audio ends, as `Prompter` is."""

    def ends_here(self, frame: Frame) -> bool:
        return isinstance(frame, InputAudioRawFrame)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)


class Queueing(BaseInputTransport):
    """As Pipecat's transports take audio: into a queue."""

    async def start(self, frame: Any) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)


def pushed(
    push: Callable[[FrameProcessor], Awaitable[None]],
    worker: type[PipelineWorker] = Worker,
    at_prompt: Callable[[], FrameProcessor] = IdentityFilter,
) -> Way:
    """Pushed by the first of a conversation's number of processors."""

    async def way(count: int) -> float:
        source = Source(count, push)
        more: list[FrameProcessor] = [IdentityFilter() for _ in range(PROCESSORS - 1)]
        more[PROMPT_AT - 1] = at_prompt()
        running = worker(
            Pipeline([source, *more]),
            params=PipelineParams(audio_in_sample_rate=RATE_HZ),
            observers=[BaseObserver()],
            idle_timeout_secs=None,
            enable_turn_tracking=False,
        )
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(running)

        @running.event_handler("on_pipeline_started")
        async def started(*_: Any) -> None:
            await source.run()
            await running.stop_when_done()

        await runner.run()
        return source.took_secs

    return way


def queued(*, straight: bool) -> Way:
    """Taken by an input transport, with nobody behind it."""

    async def way(count: int) -> float:
        transport = Queueing(TransportParams(audio_in_enabled=True))
        running = Worker(Pipeline([transport]), idle_timeout_secs=None, enable_turn_tracking=False)
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(running)
        took = 0.0

        @running.event_handler("on_pipeline_started")
        async def started(*_: Any) -> None:
            nonlocal took
            began = time.process_time()
            for window in windows(count):
                frame = InputAudioRawFrame(window, RATE_HZ, 1)
                await (transport.push_frame(frame) if straight else transport.push_audio_frame(frame))
                await asyncio.sleep(0.001)  # as packets come: one by one
            took = time.process_time() - began
            await running.stop_when_done()

        await runner.run()
        return took

    return way


async def heard(source: FrameProcessor) -> None:
    await source.push_frame(InputAudioRawFrame(bytes(2 * WINDOW), RATE_HZ, 1))


async def said(source: FrameProcessor) -> None:
    await source.push_frame(TTSAudioRawFrame(bytes(2 * WINDOW), RATE_HZ, 1))


async def told(source: FrameProcessor) -> None:
    await source.push_frame(OutputTransportMessageUrgentFrame({"label": "rtvi-ai"}))


async def sent(_source: FrameProcessor) -> None:
    OutputTransportMessageUrgentFrame({"label": "rtvi-ai"})


LINES: dict[str, tuple[Way, Way]] = {
    "voice activity, a window": (
        analysed(lambda: SileroVADAnalyzer(params=VADParams())),
        analysed(SharedSilero),
    ),
    "  its thread": (analysed(SharedSilero, in_a_thread=True), analysed(SharedSilero)),
    "  the model and its wrapper": (judged_by_pipecat, judged_by_us),
    "  loudness": (loudness_by_pipecat, loudness_by_us),
    "observers, a packet heard": (pushed(heard, PipelineWorker), pushed(heard)),
    "observers, a packet said": (pushed(said, PipelineWorker), pushed(said)),
    "end at the prompt, a packet heard": (pushed(heard), pushed(heard, at_prompt=Ending)),
    "past the pipeline, a message": (pushed(told), pushed(sent)),
    "no queue, a packet heard": (queued(straight=False), queued(straight=True)),
}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    logger.remove()
    print(f"{'microseconds':36}{'public':>9}{'ours':>9}")
    for name, ways in LINES.items():
        found: tuple[list[float], list[float]] = ([], [])
        for _ in range(options.rounds):
            for way, times in zip(ways, found, strict=True):
                times.append(await way(options.count))
        public, ours = (statistics.median(times) / options.count * 1e6 for times in found)
        print(f"{name:36}{public:9.1f}{ours:9.1f}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())

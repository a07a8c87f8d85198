"""Words count as heard when their sound has been sent, however long the line takes."""

import asyncio
import time

from pipecat.frames.frames import EndFrame, Frame, TTSTextFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner

from tests.voicebot.providers.speech.test_synthesis import Voice, reply
from voicebot.providers.speech.synthesis import bounded
from voicebot.transport import SocketLine
from voicebot.transport.channels import ChannelsTransport

SENTENCE = " ".join(f"word{n}" for n in range(20))  # two seconds


class Heard(FrameProcessor):
    """What has come out of the transport, and when, in monotonic seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[tuple[str, float]] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSTextFrame):
            self.words.append((frame.text, time.monotonic()))
        await self.push_frame(frame, direction)


class Line:
    """A socket that takes `free` messages, then none until it is `clear`."""

    def __init__(self, free: int):
        self.free, self.sent = free, 0
        self.stuck, self.clear = asyncio.Event(), asyncio.Event()

    async def send(self, _data: bytes) -> None:
        self.sent += 1
        if self.sent > self.free:
            self.stuck.set()
            await self.clear.wait()


async def test_a_word_is_not_told_as_heard_while_its_sound_waits_for_the_line():
    line, heard = Line(free=6), Heard()  # of 80 ms each
    transport = ChannelsTransport(SocketLine(line.send))
    worker = PipelineWorker(
        Pipeline([bounded(Voice)(timed=True), transport.output(), heard]),
        params=PipelineParams(audio_out_sample_rate=24_000),
        enable_rtvi=False,
        idle_timeout_secs=None,
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    await worker.queue_frames(reply(SENTENCE))
    await asyncio.wait_for(line.stuck.wait(), 5)
    await asyncio.sleep(1.5)  # as long as the words would take that wait
    assert 1 <= len(heard.words) <= 7, "words are told whose sound nobody has got"
    line.clear.set()
    cleared = time.monotonic()
    await worker.queue_frame(EndFrame())
    await asyncio.wait_for(running, 10)
    assert [word for word, _ in heard.words] == SENTENCE.split()
    assert heard.words[-1][1] - cleared > 1.0, (
        "what was held up is played after the line is clear, at its pace"
    )

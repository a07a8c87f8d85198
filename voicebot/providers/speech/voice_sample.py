"""A voice sample: one sentence in a character's voice, outside of any conversation, for its editor."""

import asyncio
import io
import wave

from pipecat.frames.frames import EndFrame, ErrorFrame, Frame, TTSAudioRawFrame, TTSSpeakFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner

from characters.spec import CharacterSpec
from voicebot.providers.llm.reply_frames import ReplyIncompleteFrame
from voicebot.providers.registry import Factory

RATE_HZ = 24_000
SAMPLE_SECS = 20.0  # for a voice to answer


class Silence(Exception):
    """Nothing came from the voice. The message says why, as far as it is known."""


class _Ear(FrameProcessor):
    """Keeps the audio that comes by, mono int16 PCM."""

    def __init__(self) -> None:
        super().__init__()
        self.pcm = bytearray()
        self.rate_hz = RATE_HZ
        self.whole = True

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSAudioRawFrame):
            self.pcm += frame.audio
            self.rate_hz = frame.sample_rate
        elif isinstance(frame, ReplyIncompleteFrame):
            self.whole = False
        await self.push_frame(frame, direction)


async def wav(build: Factory, spec: CharacterSpec, text: str) -> bytes:
    """`text` spoken, as a WAV file. Raises Silence, ProviderError."""
    ear = _Ear()
    worker = PipelineWorker(
        Pipeline([build(spec), ear]),
        params=PipelineParams(audio_out_sample_rate=RATE_HZ),
        enable_rtvi=False,
        enable_turn_tracking=False,
        idle_timeout_secs=None,
    )
    failed = ""

    @worker.event_handler("on_pipeline_error")
    async def report(_worker: PipelineWorker, frame: ErrorFrame) -> None:
        nonlocal failed
        failed = frame.error

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await worker.queue_frames([TTSSpeakFrame(text), EndFrame()])
    try:
        await asyncio.wait_for(runner.run(), SAMPLE_SECS)
    except TimeoutError as error:
        raise Silence(f"The voice did not answer within {SAMPLE_SECS:.0f} seconds.") from error
    if not ear.pcm:
        raise Silence(f"The voice said nothing. {failed}".strip())
    if not ear.whole:
        raise Silence(f"The voice did not come to the end. {failed}".strip())
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(ear.rate_hz)
        file.writeframes(bytes(ear.pcm))
    return out.getvalue()

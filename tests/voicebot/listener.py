"""The listening half of a pipeline, without a server: transport, recogniser, voice activity, end of turn."""

import asyncio

import numpy as np
from pipecat.audio.vad.vad_analyzer import VAD_STOP_SECS
from pipecat.frames.frames import Frame, TranscriptionFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMUserAggregator,
    LLMUserAggregatorParams,
    UserTurnMessageAddedMessage,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

from tests.patience import PATIENCE_SECS
from tests.visitors import RATE_HZ
from voicebot.ops.load import Load
from voicebot.transport import SocketLine
from voicebot.transport.channels import ChannelsTransport
from voicebot.transport.serializer import Audio
from voicebot.transport.silence_gate import QUIETEST
from voicebot.turns import InferenceBudget, SharedSilero, TurnStop


class Notes(FrameProcessor):
    """Notes the transcripts that pass."""

    def __init__(self) -> None:
        super().__init__()
        self.transcripts: list[str] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame):
            self.transcripts.append(frame.text)
        await self.push_frame(frame, direction)


class Listener:
    """Hears what it is sent, as one connection does. Use as `async with Listener(stt) as listener`."""

    def __init__(self, stt: FrameProcessor, stop_secs: float = VAD_STOP_SECS):
        self.transport = ChannelsTransport(SocketLine(self._send))
        self.transport.gated = True
        ear = self.transport.input()
        vad = SharedSilero(ear.speech_paused, quietest_rms=QUIETEST)
        vad.params.stop_secs = stop_secs
        ear.detect_speech(vad)
        self.notes = Notes()
        self.turns: list[str] = []
        self.ended = asyncio.Event()
        user = LLMUserAggregator(
            LLMContext(),
            params=LLMUserAggregatorParams(
                user_turn_strategies=UserTurnStrategies(
                    stop=[TurnStop(self.transport.sound_secs, budget=InferenceBudget(Load()), segmented=True)]
                ),
            ),
        )

        @user.event_handler("on_user_turn_message_added")
        async def heard(_aggregator: LLMUserAggregator, message: UserTurnMessageAddedMessage) -> None:
            self.turns.append(message.content)
            self.ended.set()

        self._worker = PipelineWorker(
            Pipeline([self.transport.input(), stt, self.notes, user]),
            params=PipelineParams(audio_in_sample_rate=RATE_HZ),
            enable_rtvi=False,
            idle_timeout_secs=None,
        )
        self._runner = WorkerRunner(handle_sigint=False)

    async def _send(self, data: bytes) -> None:
        pass

    async def __aenter__(self) -> "Listener":
        await self._runner.add_workers(self._worker)
        self._running = asyncio.create_task(self._runner.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cancel()
        await asyncio.wait([self._running], timeout=10)

    async def send(self, pcm: np.ndarray, packet_secs: float = 0.032, rate_hz: int = RATE_HZ) -> None:
        """Sends mono int16 PCM, faster than it sounds: what is heard is measured in audio."""
        size = round(packet_secs * rate_hz)
        for at in range(0, len(pcm), size):
            await self.transport.receive(Audio(pcm[at : at + size].astype(np.int16).tobytes(), rate_hz, 1))
            await asyncio.sleep(0.001)

    async def until_heard(self, word: str, secs: float = PATIENCE_SECS) -> str:
        """All transcripts so far, when the word is in one."""
        async with asyncio.timeout(secs):
            while word not in " ".join(self.notes.transcripts).lower():
                await asyncio.sleep(0.02)
        return " ".join(self.notes.transcripts)

    async def paused_for(self, secs: float) -> None:
        """Lets time pass for what waits for it."""
        await asyncio.sleep(secs)

    async def turn(self, secs: float = PATIENCE_SECS) -> str:
        """The words of the next turn, when it has ended."""
        async with asyncio.timeout(secs):
            await self.ended.wait()
        self.ended.clear()
        return self.turns[-1]

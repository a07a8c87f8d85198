"""The input side of the transport: a client's audio as frames, who speaks, and RTVI messages."""

import asyncio
import time
from typing import TYPE_CHECKING, Any

from pipecat.audio.vad.vad_analyzer import VADAnalyzer
from pipecat.audio.vad.vad_controller import VADController
from pipecat.frames.frames import (
    CancelFrame,
    ClientConnectedFrame,
    EndFrame,
    Frame,
    InputAudioRawFrame,
    InputTransportMessageFrame,
    StartFrame,
    UserSpeakingFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessorSetup
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_transport import TransportParams

from voicebot.ops import BATCHING_SHARE
from voicebot.providers import SpeechPausedFrame
from voicebot.transport import serializer
from voicebot.transport.framing import Framer
from voicebot.transport.silence_gate import SilenceGate

if TYPE_CHECKING:
    from voicebot.transport.channels import ChannelsTransport

TOGETHER_SECS = 0.06  # of a visitor's words that travel together where there is much to do: two frames
GAP_SECS = 1.0  # without a packet that was due: whoever sends nothing is silent
SPEAKING_SECS = 1.0  # between two frames that say that somebody still speaks


class ChannelsInputTransport(BaseInputTransport):
    """Takes what the consumer received: audio at 16 kHz into the pipeline, messages to RTVI."""

    def __init__(self, transport: "ChannelsTransport", params: TransportParams, **kwargs: Any):
        super().__init__(params, **kwargs)
        self._transport = transport
        self._framer = Framer()
        self._gate = SilenceGate()
        self._gathered = b""  # that has passed the gate and waits for the next frame
        self._due_at = 0.0  # monotonic seconds at which the next packet is expected
        self._ended = True  # there is nothing that silence must follow
        self._filling: asyncio.Task | None = None
        self._vad: VADController | None = None
        self._speech_paused = False

    def detect_speech(self, analyzer: VADAnalyzer) -> None:
        """Decides here who speaks, so that it reaches everybody in its place among the audio.

        Decided further on, as Pipecat's aggregator does, it comes back to the recogniser when that has let go
        of the audio it is about, if much comes at once.
        """
        vad = self._vad = VADController(
            analyzer,
            speech_activity_period=SPEAKING_SECS,  # which all processors are told
            audio_idle_timeout=0,  # gaps are filled, see `_fill_gaps`
        )

        @vad.event_handler("on_speech_started")
        async def started(_vad: VADController) -> None:
            self._gate.in_turn = True
            await self.broadcast_frame(VADUserStartedSpeakingFrame, start_secs=analyzer.params.start_secs)

        @vad.event_handler("on_speech_stopped")
        async def stopped(_vad: VADController) -> None:
            await self.broadcast_frame(VADUserStoppedSpeakingFrame, stop_secs=analyzer.params.stop_secs)

        @vad.event_handler("on_speech_activity")
        async def active(_vad: VADController) -> None:
            await self.broadcast_frame(UserSpeakingFrame)

        @vad.event_handler("on_broadcast_frame")
        async def told(_vad: VADController, kind: type[Frame], **kwargs: Any) -> None:
            await self.broadcast_frame(kind, **kwargs)

    def speech_paused(self) -> None:
        """What was passed on last ends in a pause."""
        self._speech_paused = True

    def no_turn(self) -> None:
        """What was heard is no turn: silence stays here again."""
        self._gate.in_turn = False

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override]  # as Pipecat's does
        await super().setup(setup)
        if self._vad:
            await self._vad.setup(setup)

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        if self._vad:
            await self._vad.start()
        await self._transport.connected()
        await self.push_frame(ClientConnectedFrame())
        await self._transport.open()
        self._filling = self.create_task(self._fill_gaps())

    async def stop(self, frame: EndFrame) -> None:
        await self._stop_filling()
        await super().stop(frame)
        self._transport.close()

    async def cancel(self, frame: CancelFrame) -> None:
        await self._stop_filling()
        await super().cancel(frame)
        self._transport.close()

    async def cleanup(self) -> None:
        await self._stop_filling()
        await super().cleanup()
        if self._vad:
            await self._vad.cleanup()
        self._transport.close()
        await self._transport.cleanup()

    async def _stop_filling(self) -> None:
        filling, self._filling = self._filling, None
        if filling:
            await self.cancel_task(filling)

    async def take(self, item: serializer.Audio | dict[str, Any]) -> None:
        """Takes what came from the client into the pipeline."""
        if isinstance(item, serializer.Audio):
            await self._hear(item)
        else:
            await self.broadcast_frame(InputTransportMessageFrame, message=item)

    @property
    def sound_secs(self) -> float:
        return self._gate.loud_secs

    @property
    def quiet(self) -> bool:
        """Nobody speaks, nor has just now."""
        return self._gate.closed

    async def _hear(self, audio: serializer.Audio) -> None:
        self._due_at, self._ended = time.monotonic() + audio.secs, False
        for frame in await self._framer.take(audio):
            await self._pass_on(frame)

    async def _pass_on(self, pcm: bytes) -> None:
        # Straight on: Pipecat's queue for input audio is one more task and a timer for each packet. It is not
        # made, as `set_transport_ready` is not called.
        if self._transport.gated:
            pcm = self._gate.take(pcm)
        pcm = self._gathered + pcm
        # A first word goes at once, because it may interrupt; so does everything where there is little to do.
        waits = (
            self._gate.in_turn
            and self._transport.load.lately > BATCHING_SHARE
            and len(pcm) < TOGETHER_SECS * self.sample_rate * 2
        )
        self._gathered = pcm if waits else b""
        if pcm and not waits:
            frame = InputAudioRawFrame(pcm, self.sample_rate, 1)
            await self.push_frame(frame)
            await self._look_for_speech(frame)

    async def _look_for_speech(self, frame: InputAudioRawFrame) -> None:
        if self._vad:
            await self._vad.process_frame(frame)
        if self._speech_paused:
            self._speech_paused = False
            await self.push_frame(SpeechPausedFrame())

    async def _fill_gaps(self) -> None:
        """Puts silence where packets stop: a muted microphone, a key let go, a line that stalls.

        Voice activity and the end of a turn are measured in audio. Without any, what was said last would
        neither be known to have ended nor be transcribed to its last sample.
        """
        while True:
            late = time.monotonic() - self._due_at
            if late < GAP_SECS:
                await asyncio.sleep(GAP_SECS - late)
                continue
            self._due_at += late
            if self._gate.in_turn or not self._ended:
                self._ended = True
                for frame in await self._framer.end(min(late, GAP_SECS)):
                    await self._pass_on(frame)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, UserStartedSpeakingFrame):
            self._gate.in_turn = True
        elif isinstance(frame, UserStoppedSpeakingFrame):
            self._gate.in_turn = False

"""A Pipecat transport over a Channels consumer, in the shape of Pipecat's own WebSocket transports.

Three parts under one `ChannelsTransport`: the client (the consumer's socket), the input and the output.
Audio comes in through `ChannelsTransport.receive`, straight from the consumer's receive loop: it never
passes through Channels' `dispatch`, a thread, the ORM or the channel layer.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from loguru import logger
from pipecat.audio.utils import create_stream_resampler
from pipecat.frames.frames import (
    BotSpeakingFrame,
    CancelFrame,
    ClientConnectedFrame,
    EndFrame,
    Frame,
    InputAudioRawFrame,
    InputTransportMessageFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
    StartFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import BaseTransport, TransportParams

from voicebot import wire
from voicebot.gate import Gate
from voicebot.load import CALM, load

EARLY_MESSAGES = 512  # about 16 s of audio; who sends more before the pipeline has started loses the rest
TOGETHER_SECS = 0.06  # of a visitor's words that travel together where there is much to do: two packets
SPEAKING_SECS = 1.0  # between two frames that say that somebody still speaks
LEAD_SECS = 0.2  # how far ahead of playback audio is sent: the page's cushion against a jittery link


class ChannelsParams(TransportParams):
    """Mono int16 PCM, 16 kHz in and 24 kHz out."""

    audio_in_enabled: bool = True
    audio_in_sample_rate: int | None = 16_000
    audio_out_enabled: bool = True
    audio_out_sample_rate: int | None = 24_000
    audio_out_10ms_chunks: int = 8  # twice Pipecat's: half the packets, and the lead covers them
    audio_out_end_silence_secs: int = 0


class ChannelsClient:
    """The consumer's socket as the transport sees it. Sending to one that is gone does nothing."""

    def __init__(self, send: Callable[[bytes], Awaitable[None]]):
        self._send = send
        self.closed = False

    async def send(self, frame: Frame) -> bool:
        """Sends a frame; False if the socket is gone."""
        data = None if self.closed else wire.encode(frame)
        if data is None:
            return not self.closed
        try:
            await self._send(data)
        except Exception as error:  # whatever the server raises for a socket that just went away
            self.closed = True
            logger.debug(f"socket gone while sending: {type(error).__name__}")
        return not self.closed


class ChannelsInputTransport(BaseInputTransport):
    """Takes what the consumer received: audio at 16 kHz into the pipeline, messages to RTVI."""

    def __init__(self, transport: "ChannelsTransport", params: ChannelsParams, **kwargs: Any):
        super().__init__(params, **kwargs)
        self._transport = transport
        self._resampler = create_stream_resampler()
        self._gate = Gate()
        self._gathered = b""  # that has passed the gate and waits for the next packet

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self._transport.connected()
        await self.push_frame(ClientConnectedFrame())
        await self.set_transport_ready(frame)
        await self._transport.open()

    def _create_audio_task(self) -> None:
        """No queue and no task: audio goes straight on, see `_hear`."""

    async def stop(self, frame: EndFrame) -> None:
        await super().stop(frame)
        self._transport.close()

    async def cancel(self, frame: CancelFrame) -> None:
        await super().cancel(frame)
        self._transport.close()

    async def cleanup(self) -> None:
        await super().cleanup()
        self._transport.close()
        await self._transport.cleanup()

    async def take(self, item: wire.Audio | dict[str, Any]) -> None:
        """Takes what came from the client into the pipeline."""
        if isinstance(item, wire.Audio):
            await self._hear(item)
        else:
            await self.broadcast_frame(InputTransportMessageFrame, message=item)

    @property
    def sound_secs(self) -> float:
        return self._gate.loud_secs

    async def _hear(self, audio: wire.Audio) -> None:
        pcm = audio.pcm
        if audio.channels == 2:
            pairs = np.frombuffer(pcm, dtype=np.int16).reshape(-1, 2)
            pcm = pairs.mean(axis=1).astype(np.int16).tobytes()
        if audio.rate_hz != self.sample_rate:
            pcm = await self._resampler.resample(pcm, audio.rate_hz, self.sample_rate)
        # Straight on: Pipecat's queue for input audio is one more task and a timer for each packet.
        if self._transport.gated:
            pcm = self._gate.take(pcm)
        pcm = self._gathered + pcm
        # A first word goes at once, because it may interrupt; so does everything where there is little to do.
        waits = self._gate.in_turn and load.lately > CALM and len(pcm) < TOGETHER_SECS * self.sample_rate * 2
        self._gathered = pcm if waits else b""
        if pcm and not waits:
            await self.push_frame(InputAudioRawFrame(pcm, self.sample_rate, 1))

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, (UserStartedSpeakingFrame, VADUserStartedSpeakingFrame)):
            self._gate.in_turn = True
        elif isinstance(frame, UserStoppedSpeakingFrame):
            self._gate.in_turn = False


class ChannelsOutputTransport(BaseOutputTransport):
    """Sends the character's voice at the speed of speech, a fixed lead ahead of its playback."""

    def __init__(
        self, transport: "ChannelsTransport", client: ChannelsClient, params: ChannelsParams, **kwargs: Any
    ):
        super().__init__(params, **kwargs)
        self._transport = transport
        self._client = client
        self._told_at = 0.0  # monotonic seconds at which it was last said that the character speaks
        self._played_at = 0.0  # monotonic seconds at which everything sent so far has been played

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._transport.cleanup()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            # The page drops what it has buffered, so the next word starts a new lead.
            self._played_at = 0.0
            await self._client.send(frame)

    async def push_frame(self, frame: Frame, direction: FrameDirection = FrameDirection.DOWNSTREAM) -> None:
        """Pushes what others want to know: what has been sent of the voice is of use to nobody."""
        if not isinstance(frame, OutputAudioRawFrame):
            await super().push_frame(frame, direction)

    async def broadcast_frame(self, frame_cls: type[Frame], **kwargs: Any) -> None:
        """Says less often that the character still speaks: it is read as a sign of life only."""
        if frame_cls is BotSpeakingFrame:
            now = time.monotonic()
            if now - self._told_at < SPEAKING_SECS:
                return
            self._told_at = now
        await super().broadcast_frame(frame_cls, **kwargs)

    async def send_message(
        self, frame: OutputTransportMessageFrame | OutputTransportMessageUrgentFrame
    ) -> None:
        await self._client.send(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        """Sends one chunk, then waits until playback has come within LEAD_SECS of its end."""
        if not await self._client.send(frame):
            return False
        now = time.monotonic()
        self._played_at = max(self._played_at, now) + frame.num_frames / frame.sample_rate
        await asyncio.sleep(max(0.0, self._played_at - now - LEAD_SECS))
        return True


class ChannelsTransport(BaseTransport):
    """Connects a pipeline with one WebSocket.

    Event handlers available:

    - on_client_connected(transport): the pipeline has started and hears the client
    """

    def __init__(self, send: Callable[[bytes], Awaitable[None]], params: ChannelsParams | None = None):
        super().__init__()
        params = params or ChannelsParams()
        self._early: deque[wire.Audio | dict[str, Any]] = deque()
        self._open: bool | None = None  # None until the pipeline has started
        self.gated = False  # whether silence stays here; a recogniser that takes a stream needs all of it
        self.client = ChannelsClient(send)
        self._input = ChannelsInputTransport(self, params, name=self._input_name)
        self._output = ChannelsOutputTransport(self, self.client, params, name=self._output_name)
        self._register_event_handler("on_client_connected")

    def input(self) -> ChannelsInputTransport:
        return self._input

    def output(self) -> ChannelsOutputTransport:
        return self._output

    def sound_secs(self) -> float:
        """How long the sound that the client is sending has lasted, 0 in quiet or where nothing is gated."""
        return self._input.sound_secs

    async def connected(self) -> None:
        await self._call_event_handler("on_client_connected")

    async def receive(self, item: wire.Audio | dict[str, Any]) -> None:
        """Takes a decoded message from the consumer: into the pipeline, or kept until that has started."""
        if self._open:
            await self._input.take(item)
        elif self._open is None and len(self._early) < EARLY_MESSAGES:
            self._early.append(item)

    async def open(self) -> None:
        """The pipeline has started: takes what came before, then everything as it comes."""
        while self._early:
            await self._input.take(self._early.popleft())
        self._open = True

    def close(self) -> None:
        """The pipeline winds down: what comes now is for nobody."""
        self._open = False

    def hang_up(self) -> None:
        """The socket is gone: nothing more is sent."""
        self.client.closed = True

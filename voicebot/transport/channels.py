"""A Pipecat transport over a Channels consumer, in the shape of Pipecat's own WebSocket transports.

Three parts under one `ChannelsTransport`: the line (a socket or a call), the input and the output.
Audio comes in through `ChannelsTransport.receive`, straight from where the connection receives it: it never
passes through Channels' `dispatch`, a thread, the ORM or the channel layer.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from pipecat.frames.frames import (
    BotSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
    StartFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.processors.frameworks.rtvi.models import ServerMessage
from pipecat.transports.base_transport import BaseTransport, TransportParams

from voicebot.ops import Load
from voicebot.pipecat_internals.output import OutputHooks
from voicebot.pipecat_internals.processors import OwnEvents
from voicebot.providers import SoundMark, VisemesFrame
from voicebot.transport import serializer
from voicebot.transport.held_voice import CUSHION_SECS, HeldVoice
from voicebot.transport.input import SPEAKING_SECS, ChannelsInputTransport
from voicebot.transport.line import Line
from voicebot.transport.line_rate import LineRate

EARLY_MESSAGES, EARLY_SECS = 512, 16.0  # who sends more before the pipeline has started loses the rest
LEAD_SECS = 0.2  # how far ahead of playback audio is sent: the page's cushion against a jittery link


class ChannelsParams(TransportParams):
    """Mono int16 PCM, 16 kHz in and 24 kHz out."""

    audio_in_enabled: bool = True
    audio_in_sample_rate: int | None = 16_000
    audio_out_enabled: bool = True
    audio_out_sample_rate: int | None = 24_000
    audio_out_10ms_chunks: int = 8  # twice Pipecat's: half the packets, and the lead covers them
    audio_out_end_silence_secs: int = 0


class ChannelsOutputTransport(OutputHooks):
    """Sends the character's voice at the speed of speech, a fixed lead ahead of its playback."""

    def __init__(self, transport: "ChannelsTransport", params: ChannelsParams, **kwargs: Any):
        super().__init__(params, **kwargs)
        self._transport = transport
        self._told_at = 0.0  # monotonic seconds at which it was last said that the character speaks
        self._played_at = 0.0  # monotonic seconds at which everything sent so far has been played
        self._sending_since: float | None = None  # when the chunk that is being sent should have been played
        self._late_secs = 0.0  # for which chunks of this speech were held up by the socket, or on purpose
        self._sent_secs = 0.0  # of sound, in all
        self._voice = HeldVoice()

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._transport.cleanup()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, (SoundMark, VisemesFrame)):  # it waits for its turn among the packets
            frame.ahead_secs = self.unqueued_secs
        await super().process_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            # The page drops what it has buffered, so the next word starts a new lead.
            self._played_at = self._late_secs = 0.0
            self._voice.give_up()
            await self._transport.rate.drop()
            await self._transport.send(frame)

    async def push_frame(self, frame: Frame, direction: FrameDirection = FrameDirection.DOWNSTREAM) -> None:
        """Pushes what others want to know: what has been sent of the voice is of use to nobody."""
        if isinstance(frame, OutputAudioRawFrame):
            return
        if isinstance(frame, VisemesFrame):
            return await self._send_visemes(
                [(viseme, frame.ahead_secs + begin) for viseme, begin in frame.visemes]
            )
        if isinstance(frame, SoundMark):
            frame.marked.sound_at = self._sent_secs + frame.ahead_secs
            return
        if isinstance(frame, BotStoppedSpeakingFrame):
            self._late_secs = 0.0
            if tail := await self._transport.rate.end():
                await self._transport.send(tail)
        if frame.pts and direction is FrameDirection.DOWNSTREAM:
            await self._until_played(frame.pts / 1e9)
        await super().push_frame(frame, direction)

    async def _send_visemes(self, visemes: Sequence[tuple[str, float]]) -> None:
        """Tells how the mouth moves in the sound that is sent next, from its first sample on."""
        if not visemes or not self._transport.rate.hz or not await self._voice.until_free():
            return
        await self._tell_visemes(visemes)

    async def _tell_visemes(self, visemes: Sequence[tuple[str, float]]) -> None:
        self._voice.note_visemes(visemes, max(self._played_at, time.monotonic()))
        told = [[viseme, round(begin * 1000)] for viseme, begin in visemes]
        message = ServerMessage(data={"type": "visemes", "visemes": told})
        await self._transport.send(OutputTransportMessageUrgentFrame(message.model_dump()))

    @property
    def heard_secs(self) -> float:
        """How much has been heard of all the sound that was ever sent, rather less than more."""
        if self._voice.held and self._transport.rate.followed:  # the page has dropped what it had
            return self._sent_secs - sum(
                frame.num_frames / frame.sample_rate for frame in self._voice.unheard
            )
        unheard = self._played_at - time.monotonic() + CUSHION_SECS if self._played_at else 0.0
        return self._sent_secs - max(0.0, unheard)

    async def _until_played(self, due: float) -> None:
        """Waits until what was due at `due`, in the pipeline's seconds, has not only been made but sent.

        Words are told by the clock, from the first sound on: what holds up their sound holds up them, too.
        """
        while (wait := due + self._lateness - self.get_clock().get_time() / 1e9) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(wait, LEAD_SECS))

    @property
    def _lateness(self) -> float:
        stuck = time.monotonic() - self._sending_since if self._sending_since else 0.0
        return self._late_secs + max(0.0, stuck) + self._voice.held_secs

    def hold(self) -> None:
        """Sends nothing of the voice until `go_on`, or until it is interrupted."""
        self._voice.hold()
        if self._transport.rate.followed:
            self._transport.line.drop()
            self._played_at = 0.0  # the page drops what it has buffered

    async def go_on(self) -> None:
        """Goes on with the voice where it was heard last.

        A client that knows nothing of held voices has played what it had, and gets what comes next.
        """
        if self._transport.rate.followed:
            await self._transport.rate.drop()
            if visemes := self._voice.take_unheard_visemes():
                await self._tell_visemes(visemes)
            for frame in self._voice.unheard:
                if self._voice.held:  # and was not interrupted meanwhile
                    self._sent_secs -= frame.num_frames / frame.sample_rate
                    await self._send_chunk(frame)
        self._late_secs += self._voice.release()

    def tells(self, kind: type[Frame]) -> bool:
        """Says less often that the character still speaks: nobody reads more than that from it."""
        if kind is BotSpeakingFrame:
            now = time.monotonic()
            if now - self._told_at < SPEAKING_SECS:
                return False
            self._told_at = now
        return True

    async def send_message(
        self, frame: OutputTransportMessageFrame | OutputTransportMessageUrgentFrame
    ) -> None:
        await self._transport.send(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        """Sends one chunk, then waits until playback has come within LEAD_SECS of its end."""
        if not await self._voice.until_free() or not await self._send_chunk(frame):
            return False
        await asyncio.sleep(max(0.0, self._played_at - time.monotonic() - LEAD_SECS))
        return True

    async def _send_chunk(self, frame: OutputAudioRawFrame) -> bool:
        self._sending_since = due = max(self._played_at, time.monotonic())
        try:
            packet = await self._transport.rate.packet(frame)
            if packet and not await self._transport.send(packet):
                return False
        finally:
            self._sending_since = None
        now = time.monotonic()
        self._late_secs += max(0.0, now - due)
        self._played_at = max(self._played_at, now) + frame.num_frames / frame.sample_rate
        self._sent_secs += frame.num_frames / frame.sample_rate
        self._voice.note_sent(frame, self._played_at)
        return True


class ChannelsTransport(OwnEvents, BaseTransport):
    """Connects a pipeline with one line.

    Event handlers available:

    - on_client_connected(transport): the pipeline has started and hears the client

    While `load` is high, audio is gathered into fewer frames.
    """

    def __init__(
        self,
        line: Line,
        load: Load | None = None,
        params: ChannelsParams | None = None,
        rate: LineRate | None = None,
    ):
        super().__init__()
        params = params or ChannelsParams()
        self.rate = rate or LineRate()
        self.load = load or Load()  # one that nobody measures: always at ease
        self._early: deque[serializer.Audio | dict[str, Any]] = deque()
        self._early_secs = 0.0  # of audio in it
        self._open: bool | None = None  # None until the pipeline has started
        self.gated = False  # whether silence stays here; a recogniser that takes a stream needs all of it
        self.line = line
        self.closed = False  # nothing more is sent from here; the line may serve another pipeline
        self._input = ChannelsInputTransport(self, params)
        self._output = ChannelsOutputTransport(self, params)
        self.declare_event("on_client_connected")

    def input(self) -> ChannelsInputTransport:
        return self._input

    def output(self) -> ChannelsOutputTransport:
        return self._output

    def sound_secs(self) -> float:
        """How long the sound that the client is sending has lasted, 0 in quiet or where nothing is gated."""
        return self._input.sound_secs

    @property
    def listens(self) -> bool:
        """Whether silence would be heard now, rather than stay here."""
        return self._open is not False and not (self.gated and self._input.quiet)

    async def connected(self) -> None:
        await self.emit("on_client_connected")

    async def receive(self, item: serializer.Audio | dict[str, Any]) -> None:
        """Takes a decoded message from the consumer: into the pipeline, or kept until that has started."""
        if self._open:
            await self._input.take(item)
        elif self._open is None and self._has_room_for(item):
            self._early.append(item)

    def _has_room_for(self, item: serializer.Audio | dict[str, Any]) -> bool:
        if isinstance(item, serializer.Audio):
            self._early_secs += item.secs
            return self._early_secs <= EARLY_SECS
        return sum(not isinstance(early, serializer.Audio) for early in self._early) < EARLY_MESSAGES

    async def open(self) -> None:
        """The pipeline has started: takes what came before, then everything as it comes."""
        while self._early:
            await self._input.take(self._early.popleft())
        self._open = True

    async def hand_back(self, other: "ChannelsTransport") -> None:
        """This one is not to be opened after all: what came meanwhile goes to the other one."""
        while self._early:
            await other.receive(self._early.popleft())

    def hold_voice(self) -> None:
        """The character falls silent, as if interrupted, but so that it can go on."""
        self._output.hold()

    async def let_voice_go_on(self) -> None:
        """Nobody has interrupted it: it goes on where it was, and no turn of the visitor's is going on."""
        self._input.no_turn()
        await self._output.go_on()

    def close(self) -> None:
        """The pipeline winds down: what comes now is for nobody."""
        self._open = False

    async def send(self, frame: Frame) -> bool:
        """Sends a frame to the client; False if the line is gone."""
        return not self.closed and await self.line.send(frame)

    def hang_up(self) -> None:
        """Nothing more is sent."""
        self.closed = True

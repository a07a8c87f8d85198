"""The voice as a track: 20 ms of Opus at a time in its time, almost nothing while it is silent."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from fractions import Fraction

from aiortc.mediastreams import MediaStreamTrack
from av import Packet

from voicebot.transport.webrtc.opus import FRAME_SECS, Encoder

CLOCK_HZ = 48_000  # of RTP timestamps: RFC 7587, section 4.1
TIME_BASE = Fraction(1, CLOCK_HZ)
REFRESH_SECS = 0.4  # between two packets of silence, as libopus has it
LATE_SECS = 0.1  # behind by more than this, the clock starts again rather than catching up
LOSS_SECS = 2.0  # between two looks at what the client loses
CLEAN_LOOKS = 3  # in a row at which it had lost nothing: then losses are not provided for
SILENT_BYTES = 2


class VoiceTrack(MediaStreamTrack):
    """What aiortc sends: `loss` says how many of a hundred packets the client loses, if it says so."""

    kind = "audio"

    def __init__(
        self,
        loss: Callable[[], Awaitable[int | None]],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ):
        super().__init__()
        self._clock, self._sleep = clock, sleep
        self._loss, self._loss_asked_at = loss, clock()
        self._clean_looks = 0
        self._encoder = Encoder(24_000)
        self._pcm = bytearray()
        self._news = asyncio.Event()
        self._began = self._due = clock()  # the clock, and when the next packet is
        self._silent = b""  # the packet that says so, once there is silence

    def add(self, pcm: bytes, rate_hz: int) -> None:
        """Mono int16 PCM, to be sent behind what waits."""
        if rate_hz != self._encoder.rate_hz:  # what waits at the old rate is lost
            self._encoder, self._pcm = Encoder(rate_hz), bytearray()
        self._pcm += pcm
        self._news.set()

    def drop(self) -> None:
        """What waits is not sent."""
        self._pcm.clear()

    @property
    def waits_secs(self) -> float:
        """How much sound waits to be sent."""
        return len(self._pcm) / 2 / self._encoder.rate_hz

    async def recv(self) -> Packet:
        """The next packet, when it is due. aiortc calls this."""
        if self._silent and not self._pcm:
            if not await self._news_within(self._due - self._clock()):
                return self._packet(self._silent, REFRESH_SECS)
            self._due = max(self._clock(), self._due - REFRESH_SECS + FRAME_SECS)
        await self._sleep(self._due - self._clock())
        if self._clock() - self._due > LATE_SECS:
            self._due = self._clock()
        await self._ask_loss()
        size = self._encoder.frame_bytes
        frame = bytes(self._pcm[:size])
        del self._pcm[:size]
        data = self._encoder.encode(frame.ljust(size, b"\0"))
        self._silent = data if len(data) <= SILENT_BYTES and not frame else b""
        return self._packet(data, REFRESH_SECS if self._silent else FRAME_SECS)

    async def _news_within(self, secs: float) -> bool:
        """Waits so long at most; whether there is sound to be sent."""
        self._news.clear()
        waits = [asyncio.ensure_future(self._sleep(max(0.0, secs))), asyncio.ensure_future(self._news.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return bool(self._pcm)

    async def _ask_loss(self) -> None:
        if self._clock() - self._loss_asked_at > LOSS_SECS:
            self._loss_asked_at = self._clock()
            if (percent := await self._loss()) is not None:
                self._clean_looks = 0 if percent else self._clean_looks + 1
                if percent or self._clean_looks >= CLEAN_LOOKS:
                    self._encoder.provide_for(percent)

    def _packet(self, data: bytes, until_next_secs: float) -> Packet:
        packet = Packet(data)
        packet.pts = round((self._due - self._began) * CLOCK_HZ)
        packet.time_base = TIME_BASE
        self._due += until_next_secs
        return packet

"""Hearing: a client's RTP packets as sound in its order, with what was lost on the way made good.

What comes in order is passed on at once: nobody listens to it but a recogniser, which counts sound and not
seconds, so jitter needs no cushion. Only behind a gap packets wait, for as long as the line has lately been
late (RFC 3550, section 6.4.1); then the missing one is taken from the error correction in the next, or
concealed. A client that sends nothing while it is quiet (RFC 7587, section 3.1.3) is heard as silent while
somebody wants to know.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from voicebot.transport.webrtc.opus import FRAME_SECS, Decoder, OpusError

RATE_HZ = 16_000  # of what is passed on
CLOCK_HZ = 48_000  # of RTP timestamps: RFC 7587, section 4.1
LEAST_WAIT_SECS, MOST_WAIT_SECS = 0.03, 0.25  # for a packet that is missing
MOST_WAITING = 64  # packets behind a gap
CONCEALED = 5  # packets in a row that are made up; what is lost beyond them is silence
SILENT_BYTES = 2  # a packet of at most so many bytes says that there is silence
SILENCE_SECS = 0.04  # of which there is always this much at once
JUMP = 1000  # packets: a source that begins anew, rather than a gap


class Timers(Protocol):
    """What is needed of an event loop."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[[], object]) -> asyncio.TimerHandle: ...


def _distance(sequence: int, of: int) -> int:
    """By how much a sequence number of 16 bits is ahead of another, negative where it is behind."""
    return ((sequence - of + 0x8000) & 0xFFFF) - 0x8000


class Hearing:
    """Of one client. `take` gets mono int16 PCM at 16 kHz; `listens` says whether silence matters now."""

    def __init__(
        self,
        take: Callable[[bytes], None],
        listens: Callable[[], bool] = lambda: True,
        loop: Timers | None = None,
    ):
        self._take, self.listens = take, listens
        self._decoder = Decoder(RATE_HZ)
        self._loop: Timers = loop or asyncio.get_running_loop()
        self._next: int | None = None  # the sequence number that comes next
        self._waiting: dict[int, bytes] = {}
        self._packet_secs = FRAME_SECS
        self._jitter_secs = 0.0
        self._transit: float | None = None
        self._giving_up: asyncio.TimerHandle | None = None
        self._silence: asyncio.TimerHandle | None = None
        self.lost = self.recovered = 0  # packets

    @property
    def wait_secs(self) -> float:
        """For how long a missing packet is waited for."""
        return min(MOST_WAIT_SECS, max(LEAST_WAIT_SECS, 4 * self._jitter_secs))

    def add(self, sequence: int, timestamp: int, packet: bytes) -> None:
        """A packet has come, in whatever order."""
        if not packet:
            return
        self._measure(timestamp)
        if self._next is None or abs(_distance(sequence, self._next)) > JUMP:
            self._waiting.clear()
            self._next = sequence
        if _distance(sequence, self._next) < 0:
            return  # it was given up, or comes twice
        self._waiting[sequence] = packet
        self._pass_on()
        if len(self._waiting) > MOST_WAITING:
            self._give_up()
        elif self._waiting and self._giving_up is None:
            self._giving_up = self._loop.call_later(self.wait_secs, self._give_up)

    def _measure(self, timestamp: int) -> None:
        transit = self._loop.time() - timestamp / CLOCK_HZ
        if self._transit is not None and (late := abs(transit - self._transit)) < 1.0:
            self._jitter_secs += (late - self._jitter_secs) / 16
        self._transit = transit

    def _pass_on(self) -> None:
        """Passes on what is there in order."""
        while self._next is not None and (packet := self._waiting.pop(self._next, None)) is not None:
            self._next = (self._next + 1) & 0xFFFF
            self._hear(packet)
        if not self._waiting and self._giving_up:
            self._giving_up.cancel()
            self._giving_up = None

    def _give_up(self) -> None:
        """The packets that are missing before the first that waits are not waited for any longer."""
        self._giving_up = None
        expected = self._next
        if not self._waiting or expected is None:
            return
        first = min(self._waiting, key=lambda sequence: _distance(sequence, expected))
        missing = _distance(first, expected)
        self.lost += missing
        self._next = first
        if not self._silent:
            self._make_good(missing, self._waiting[first])
        self._pass_on()
        if self._waiting:
            self._giving_up = self._loop.call_later(self.wait_secs, self._give_up)

    def _make_good(self, missing: int, following: bytes) -> None:
        concealed = min(missing - 1, CONCEALED)
        try:
            for _ in range(concealed):
                self._take(self._decoder.conceal(self._packet_secs))
            if left := missing - 1 - concealed:
                self._take(bytes(2 * int(left * self._packet_secs * RATE_HZ)))
            self._take(self._decoder.recover(following, self._packet_secs))
            self.recovered += 1
        except OpusError:
            pass  # the following one is no Opus: it is left out, too

    def _hear(self, packet: bytes) -> None:
        silent = len(packet) <= SILENT_BYTES
        if not silent:
            self._end_silence()
        try:
            pcm = self._decoder.decode(packet)
        except OpusError:
            return
        self._packet_secs = len(pcm) / 2 / RATE_HZ
        self._take(pcm)
        if silent and not self._silent:
            self._silence = self._loop.call_later(SILENCE_SECS, self._be_silent)

    @property
    def _silent(self) -> bool:
        return self._silence is not None

    def _be_silent(self) -> None:
        self._silence = self._loop.call_later(SILENCE_SECS, self._be_silent)
        if self.listens():
            self._take(bytes(2 * int(SILENCE_SECS * RATE_HZ)))

    def _end_silence(self) -> None:
        silence, self._silence = self._silence, None
        if silence:
            silence.cancel()

    def close(self) -> None:
        self._end_silence()
        if self._giving_up:
            self._giving_up.cancel()
        self._waiting.clear()
        self._take = lambda pcm: None

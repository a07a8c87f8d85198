"""The rate at which a client's line carries the character's voice, for clients that follow it.

A client asks for a rate with `?rate=` in the address of its socket, and for another one with the message
`audio.rate`. One that does not gets what it always got: 24 kHz, and no word of when a packet was sent.
"""

import time

from pipecat.audio.resamplers.base_audio_resampler import BaseAudioResampler
from pipecat.audio.utils import create_stream_resampler
from pipecat.frames.frames import OutputAudioRawFrame

FULL_HZ = 24_000
RATES_HZ = (FULL_HZ, 16_000, 8_000, 0)  # 0: none of it, for a conversation in writing


class LineRate:
    """Makes of each packet of the voice what the line carries of it. `asked` is the client's first wish."""

    def __init__(self, asked: str = ""):
        self.followed = asked.isdecimal() and int(asked) in RATES_HZ  # the client knows of rates
        self.hz = int(asked) if self.followed else FULL_HZ
        self._resampler: BaseAudioResampler | None = None

    def change(self, hz: int) -> None:
        if hz in RATES_HZ and hz != self.hz:
            self.hz, self._resampler, self.followed = hz, None, True

    async def packet(self, frame: OutputAudioRawFrame) -> OutputAudioRawFrame | None:
        """The packet that is sent for this one, now; None where there is none (yet)."""
        if not self.hz:
            return None
        pcm = frame.audio
        if self.hz < frame.sample_rate:
            self._resampler = self._resampler or create_stream_resampler()
            pcm = await self._resampler.resample(pcm, frame.sample_rate, self.hz)
        if not pcm:
            return None
        sent = OutputAudioRawFrame(pcm, min(self.hz, frame.sample_rate), frame.num_channels)
        if self.followed:
            sent.pts = time.monotonic_ns()
        return sent

    async def end(self) -> OutputAudioRawFrame | None:
        """What the resampler still holds: the last hundredths of a speech."""
        pcm = await self._resampler.flush() if self._resampler else b""
        return OutputAudioRawFrame(pcm, self.hz, 1) if pcm else None

    async def drop(self) -> None:
        """The speech was cut off: nothing of it comes after."""
        if self._resampler:
            await self._resampler.reset()

"""Framing: what a client sends, at any rate and in packets of any length, as frames of one length.

Everything behind the transport decides frame by frame: the silence gate what the room's noise is, voice
activity whether somebody speaks, Smart Turn how long they have been silent. None of it may depend on how a
client cuts what it sends, so time is cut here, once.
"""

import numpy as np
from pipecat.audio.resamplers.base_audio_resampler import BaseAudioResampler
from pipecat.audio.utils import create_stream_resampler

from voicebot.transport.serializer import Audio

FRAME_SAMPLES = 512  # at 16 kHz 32 ms: a window of Silero's


class Framer:
    """The audio of one connection. Gives frames of mono int16 PCM at `rate_hz`, 1024 bytes each.

    What does not fill a frame waits for the next packet, or for `end`.
    """

    def __init__(self, rate_hz: int = 16_000):
        self.rate_hz = rate_hz
        self._source_hz = rate_hz
        self._resampler: BaseAudioResampler | None = None  # while the client's rate is another one
        self._rest = b""

    async def take(self, audio: Audio) -> list[bytes]:
        """The frames that are complete now that this packet has come."""
        pcm = audio.pcm
        if audio.channels == 2:
            pairs = np.frombuffer(pcm, dtype=np.int16).reshape(-1, 2)
            pcm = pairs.mean(axis=1).astype(np.int16).tobytes()
        before = b""
        if audio.rate_hz != self._source_hz:  # a headset came or went
            before = await self._let_go()
            self._source_hz = audio.rate_hz
            if audio.rate_hz != self.rate_hz:
                # Never cleared: packets may be further apart than Pipecat takes for the end of a stream.
                self._resampler = create_stream_resampler(clear_after_secs=None)
        if self._resampler:
            pcm = await self._resampler.resample(pcm, audio.rate_hz, self.rate_hz)
        return self._cut(before + pcm)

    async def end(self, silence_secs: float) -> list[bytes]:
        """What has not filled a frame, and then so much silence: the client sends nothing any more."""
        tail = await self._let_go()
        self._source_hz = self.rate_hz
        return self._cut(tail + bytes(2 * int(silence_secs * self.rate_hz)))

    async def _let_go(self) -> bytes:
        """What the resampler still holds, which then is gone: it knows one rate only."""
        resampler, self._resampler = self._resampler, None
        return await resampler.flush() if resampler else b""

    def _cut(self, pcm: bytes) -> list[bytes]:
        pcm = self._rest + pcm
        size = 2 * FRAME_SAMPLES
        whole = len(pcm) - len(pcm) % size
        self._rest = pcm[whole:]
        return [pcm[at : at + size] for at in range(0, whole, size)]

"""Silence gate: audio no louder than the room does not enter the pipeline.

Most of what a microphone sends is silence, and each frame of it costs more on its way through a pipeline
than the decision that it is silence. Here a frame that is no louder than the room is held back; with
something louder, what was held goes first, so that no beginning of a word is lost.

The end-of-turn analyser counts silence in frames of audio: while a turn is going on, everything passes.
"""

from collections import deque

import numpy as np

FRAME_SECS = 0.032  # that is judged at once: in two seconds there is always something loud
PRE_ROLL_SECS = 0.6  # that goes ahead of what opened the gate; Smart Turn and the recogniser want 0.5
OPEN_SECS = 1.2  # open after the last loud frame; voice activity wants 0.2 s of silence to be sure
QUIETEST = 24.0  # int16 RMS, -63 dBFS: below this nothing is said
ABOVE_ROOM = 1.6  # times the room's own noise, 4 dB; steady noise varies by far less in 32 ms
ROOM_SECS = 3.0  # over which the quietest frame tells the room's noise
BLOCKS = 6


class SilenceGate:
    """Decides frame by frame for one visitor. `in_turn` is set from outside while a turn is going on."""

    def __init__(self, rate_hz: int = 16_000):
        self.rate_hz = rate_hz
        self.in_turn = False
        self.held_secs = 0.0  # that did not travel, in all
        self.loud_secs = 0.0  # that the sound which is going on has lasted
        self._held: deque[bytes] = deque()
        self._held_bytes = 0
        self._open_secs = 0.0  # for which it stays open without anything loud
        self._quietest: deque[float] = deque([float("inf")], maxlen=BLOCKS)  # of blocks, the newest last
        self._block_secs = 0.0

    @property
    def closed(self) -> bool:
        """Whether what is silent stays here."""
        return self._open_secs <= 0 and not self.in_turn

    def take(self, pcm: bytes) -> bytes:
        """What travels now that this has come: mono int16 PCM of any length, b"" while it is quiet."""
        size = 2 * int(FRAME_SECS * self.rate_hz)
        if len(pcm) <= size:
            return self._take_frame(pcm)
        return b"".join(self._take_frame(pcm[at : at + size]) for at in range(0, len(pcm), size))

    def _take_frame(self, pcm: bytes) -> bytes:
        samples = np.frombuffer(pcm, dtype=np.int16).astype(np.float32)
        secs = len(samples) / self.rate_hz
        level = float(np.sqrt(np.dot(samples, samples) / max(1, len(samples))))
        threshold = max(QUIETEST, ABOVE_ROOM * self._room(level, secs))
        if level > threshold:
            self.loud_secs += secs
            self._open_secs = OPEN_SECS
        else:
            self.loud_secs = 0.0
            self._open_secs = max(0.0, self._open_secs - secs)
        if self._open_secs > 0 or self.in_turn:
            passing = b"".join((*self._held, pcm))
            self._held.clear()
            self._held_bytes = 0
            return passing
        self._hold(pcm)
        return b""

    def _hold(self, pcm: bytes) -> None:
        self._held.append(pcm)
        self._held_bytes += len(pcm)
        while self._held_bytes > PRE_ROLL_SECS * self.rate_hz * 2:
            gone = len(self._held.popleft())
            self._held_bytes -= gone
            self.held_secs += gone / 2 / self.rate_hz

    def _room(self, level: float, secs: float) -> float:
        """The room's noise: the quietest frame of the last seconds, until then nothing."""
        self._quietest[-1] = min(self._quietest[-1], level)
        room = min(self._quietest)
        self._block_secs += secs
        if self._block_secs >= ROOM_SECS / BLOCKS:
            self._block_secs = 0.0
            self._quietest.append(float("inf"))
        return room

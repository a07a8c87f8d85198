"""Decodes what a speech server sends: raw PCM of some rate, or a WAV file, as mono int16 PCM of one rate."""

import io
import logging
import wave
from email.message import Message
from functools import cache

import numpy as np
import soxr

log = logging.getLogger(__name__)

LONGEST_HEADER = 65_536  # bytes of a WAV file before its sound
UNKNOWN_LENGTH = 2**31 - 1  # bytes; what streams put where a file has its size is at or near 2**32
COMPRESSED = {b"OggS": "Ogg", b"fLaC": "FLAC", b"ID3": "MP3"}
MP3_SYNC = (b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2")
MOST_LETTERS_SEC = 60.0  # three times as fast as anybody is understood


class UnplayableAudio(Exception):
    """A speech server sent something that is no PCM, or less than it announced."""

    quotable = True


def declared_rate_hz(content_type: str) -> int | None:
    """The rate in `audio/pcm;rate=16000` (RFC 4856, section 1), None if it is not told."""
    message = Message()
    message["Content-Type"] = content_type
    rate = message.get_param("rate", failobj="")
    return int(rate) if isinstance(rate, str) and rate.isdecimal() and 4_000 <= int(rate) <= 192_000 else None


@cache
def _tell_once(message: str, *values: object) -> None:
    log.warning(message, *values)


class SpeechDecoder:
    """One response: `feed` it with bytes as they come, then `finish`.

    Gives mono int16 PCM at `rate_hz`. A WAV header tells the rate, else the content type does, else
    `assumed_hz` holds. Both methods raise UnplayableAudio.
    """

    def __init__(self, content_type: str, *, assumed_hz: int, rate_hz: int):
        self._content_type = content_type.lower()
        self._assumed_hz = assumed_hz
        self._rate_hz = rate_hz
        self._source_hz: int | None = None  # None until the first bytes have told
        self._channels = 1
        self._announced: int | None = None  # bytes of sound, as a WAV header says
        self._received = 0
        self._held = b""
        self._stream: soxr.ResampleStream | None = None
        if self._content_type.startswith(("text/", "application/json")):
            raise UnplayableAudio(f"it sends {content_type} instead of sound")

    def feed(self, data: bytes) -> bytes:
        self._held += data
        if self._source_hz is None and not self._begin():
            return b""
        whole = len(self._held) - len(self._held) % (2 * self._channels)
        pcm, self._held = self._held[:whole], self._held[whole:]
        if self._announced is not None:  # what follows the sound in a WAV file is none
            pcm = pcm[: self._announced - self._received]
        self._received += len(pcm)
        return self._resampled(pcm)

    def finish(self) -> bytes:
        if self._announced is not None and self._received < self._announced - 1:
            raise UnplayableAudio("its WAV file is shorter than it says")
        if self._source_hz is None and self._held.startswith(b"RIFF"):
            raise UnplayableAudio("its WAV file has no sound")
        return self._resampled(b"", last=True) if self._source_hz else b""

    def _begin(self) -> bool:
        """Finds out what this is; False while too little has come to tell."""
        if len(self._held) < 4:
            return False
        for magic, name in COMPRESSED.items():
            if self._held.startswith(magic):
                raise UnplayableAudio(f"it sends {name}, and PCM was asked for")
        if "mpeg" in self._content_type and self._held.startswith(MP3_SYNC):
            raise UnplayableAudio("it sends MP3, and PCM was asked for")
        if self._held.startswith(b"RIFF"):
            return self._read_header()
        self._source_hz = declared_rate_hz(self._content_type)
        if self._source_hz is None:
            self._source_hz = self._assumed_hz
        elif self._source_hz != self._assumed_hz:
            self._tell(self._source_hz)
        self._start_resampling()
        return True

    def _read_header(self) -> bool:
        head = io.BytesIO(self._held)
        try:
            file = wave.open(head)  # noqa: SIM115  (a buffer, of which only the header is read)
        except (EOFError, wave.Error) as error:
            if len(self._held) < LONGEST_HEADER and b"data" not in self._held[:-8]:
                return False  # there is more of it to come
            raise UnplayableAudio(f"its WAV file is broken: {error}") from None
        if file.getsampwidth() != 2 or file.getnchannels() > 2:
            raise UnplayableAudio("its WAV file is neither mono nor stereo of 16 bits")
        self._channels, self._source_hz = file.getnchannels(), file.getframerate()
        announced = file.getnframes() * 2 * self._channels
        self._announced = announced if 0 < announced < UNKNOWN_LENGTH - LONGEST_HEADER else None
        self._held = self._held[head.tell() :]
        if self._source_hz != self._assumed_hz:
            self._tell(self._source_hz)
        self._start_resampling()
        return True

    def _tell(self, rate_hz: int) -> None:
        _tell_once(
            "the speech server sends %d Hz where OPENAI_TTS_SAMPLE_RATE is %d: it is played as what it is",
            rate_hz,
            self._assumed_hz,
        )

    def _start_resampling(self) -> None:
        hz = self._source_hz
        if hz and hz != self._rate_hz:
            self._stream = soxr.ResampleStream(hz, self._rate_hz, 1, dtype="int16")

    def _resampled(self, pcm: bytes, *, last: bool = False) -> bytes:
        samples = np.frombuffer(pcm, np.int16)
        if self._channels == 2:
            samples = samples.reshape(-1, 2).mean(axis=1).astype(np.int16)
        if self._stream is not None:
            samples = self._stream.resample_chunk(samples, last=last)
        return bytes(samples.tobytes())

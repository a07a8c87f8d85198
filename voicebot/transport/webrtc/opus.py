"""Opus (RFC 6716) by libopus itself, since PyAV neither recovers lost packets nor decodes to 16 kHz.

The library is the one that PyAV's wheel brings along, or the system's. What is wanted of it is in RFC 6716
and opus_defines.h of version 1.3: in-band forward error correction, discontinuous transmission, concealment.
"""

import ctypes
import ctypes.util
from functools import cache
from pathlib import Path

import av

APPLICATION_VOIP = 2048
SET_BITRATE, SET_COMPLEXITY, SET_INBAND_FEC, SET_PACKET_LOSS_PERC, SET_DTX = 4002, 4010, 4012, 4014, 4016
FRAME_SECS = 0.02
LONGEST_SECS = 0.12  # of one packet: RFC 6716, section 2.1.4
MOST_BYTES = 1275  # of one frame: section 3.2.1
BITRATE = 32_000  # per second, of speech in mono at 24 kHz
# Of 10. Where losses are provided for, 5. Elsewhere 2 sounds as good, in three fifths of the time; 1 does not
# (benchmarks/call_packets.py).
COMPLEXITY, CLEAN_COMPLEXITY = 5, 2
LOSS_PERCENT = 10  # for which the encoder provides, until the client says what it loses


class OpusError(Exception):
    """A packet that is none."""


@cache
def library() -> ctypes.CDLL:
    """libopus. Raises OSError where there is none."""
    bundled = sorted(Path(av.__file__).parent.with_name("av.libs").glob("libopus*.so*"))
    name = str(bundled[0]) if bundled else ctypes.util.find_library("opus")
    if not name:
        raise OSError("no libopus: neither PyAV's wheel nor the system has it")
    found = ctypes.CDLL(name)
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    for function, result, arguments in (
        ("opus_encoder_create", pointer, [integer, integer, integer, pointer]),
        ("opus_encode", integer, [pointer, ctypes.c_char_p, integer, ctypes.c_char_p, integer]),
        ("opus_encoder_destroy", None, [pointer]),
        ("opus_decoder_create", pointer, [integer, integer, pointer]),
        ("opus_decode", integer, [pointer, ctypes.c_char_p, integer, pointer, integer, integer]),
        ("opus_decoder_destroy", None, [pointer]),
    ):
        foreign = getattr(found, function)
        foreign.restype, foreign.argtypes = result, arguments
    return found


class Encoder:
    """Mono int16 PCM in frames of 20 ms, with error correction for what the client loses."""

    def __init__(self, rate_hz: int):
        self.rate_hz = rate_hz
        self.frame_bytes = 2 * int(FRAME_SECS * rate_hz)
        self._opus = library()
        self._handle = self._opus.opus_encoder_create(rate_hz, 1, APPLICATION_VOIP, None)
        if not self._handle:
            raise OpusError(f"no encoder at {rate_hz} Hz")
        self._packet = ctypes.create_string_buffer(MOST_BYTES)
        for what, value in (
            (SET_BITRATE, BITRATE),
            (SET_COMPLEXITY, COMPLEXITY),
            (SET_INBAND_FEC, 1),
            (SET_PACKET_LOSS_PERC, LOSS_PERCENT),
            (SET_DTX, 1),
        ):
            self._set(what, value)

    def _set(self, what: int, value: int) -> None:
        handle = ctypes.c_void_p(self._handle)
        self._opus.opus_encoder_ctl(handle, ctypes.c_int(what), ctypes.c_int(value))

    def provide_for(self, loss_percent: int) -> None:
        """The client loses so many of a hundred packets; 0: none, so that nothing is spent on correction."""
        clean = loss_percent == 0
        self._set(SET_INBAND_FEC, int(not clean))
        self._set(SET_COMPLEXITY, CLEAN_COMPLEXITY if clean else COMPLEXITY)
        self._set(SET_PACKET_LOSS_PERC, 0 if clean else max(LOSS_PERCENT // 2, min(30, loss_percent)))

    def encode(self, pcm: bytes) -> bytes:
        """The packet of one frame; one or two bytes say that there is silence."""
        samples = len(pcm) // 2
        size = self._opus.opus_encode(self._handle, pcm, samples, self._packet, MOST_BYTES)
        if size < 0:
            raise OpusError(f"libopus says {size}")
        return ctypes.string_at(self._packet, size)

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self._opus.opus_encoder_destroy(self._handle)


class Decoder:
    """Mono int16 PCM at `rate_hz` of packets in their order, and of some that are missing."""

    def __init__(self, rate_hz: int):
        self.rate_hz = rate_hz
        self._opus = library()
        self._handle = self._opus.opus_decoder_create(rate_hz, 1, None)
        if not self._handle:
            raise OpusError(f"no decoder at {rate_hz} Hz")
        self._most = int(LONGEST_SECS * rate_hz)
        self._pcm = (ctypes.c_int16 * self._most)()

    def decode(self, packet: bytes) -> bytes:
        """The sound of the next packet. Raises OpusError."""
        return self._decode(packet, self._most, corrected=False)

    def recover(self, following: bytes, secs: float) -> bytes:
        """The sound of a lost packet of so many seconds, from what the following one has of it."""
        return self._decode(following, int(secs * self.rate_hz), corrected=True)

    def conceal(self, secs: float) -> bytes:
        """Sound in place of a lost packet."""
        return self._decode(None, int(secs * self.rate_hz), corrected=False)

    def _decode(self, packet: bytes | None, samples: int, *, corrected: bool) -> bytes:
        size = len(packet) if packet else 0
        got = self._opus.opus_decode(self._handle, packet, size, self._pcm, samples, int(corrected))
        if got < 0:
            raise OpusError(f"libopus says {got}")
        return ctypes.string_at(self._pcm, 2 * got)

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self._opus.opus_decoder_destroy(self._handle)

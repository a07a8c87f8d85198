"""What travels over the WebSocket: Pipecat's protobuf frames, with RTVI messages inside.

Only audio and RTVI messages are taken from a visitor. Pipecat's own deserializer would also accept
text and transcription frames, with which a visitor could put words into the character's mouth.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from pipecat.frames.frames import (
    Frame,
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
)
from pipecat.frames.protobufs import frames_pb2

from characters.text import cleaned_json

UNSUPPORTED_DATA, INVALID_PAYLOAD, TOO_BIG = 1003, 1007, 1009  # RFC 6455, section 7.4.1
MIN_RATE_HZ, MAX_RATE_HZ = 8_000, 96_000
MAX_AUDIO_SECS = 2.0  # in one message
MAX_CHANNELS = 2
LEAST_SECS = 128 / MAX_RATE_HZ  # that a message of audio counts as: what a browser hands over at once


class WireError(Exception):
    """A message that nothing can be made of. `code` is the WebSocket close code it earns."""

    quotable = True

    def __init__(self, code: int, reason: str):
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Audio:
    """Interleaved int16 PCM as it came, at whatever rate the client chose."""

    pcm: bytes
    rate_hz: int
    channels: int

    @property
    def secs(self) -> float:
        """How long it sounds."""
        return len(self.pcm) / (2 * self.channels * self.rate_hz)


def decode(data: bytes) -> Audio | dict[str, Any]:
    """Audio, or an RTVI message as a dict. Raises WireError."""
    try:
        frame = frames_pb2.Frame.FromString(data)  # type: ignore[attr-defined]
    except DecodeError as error:
        raise WireError(INVALID_PAYLOAD, "not a Pipecat protobuf frame") from error
    kind = frame.WhichOneof("frame")
    if kind == "audio":
        return _audio(frame.audio)
    if kind == "message":
        return _message(frame.message.data)
    raise WireError(UNSUPPORTED_DATA, "only audio and RTVI messages are taken")


def _audio(audio: Any) -> Audio:
    rate_hz, channels, pcm = audio.sample_rate, audio.num_channels or 1, audio.audio
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise WireError(
            UNSUPPORTED_DATA, f"audio at {rate_hz} Hz: send {MIN_RATE_HZ} to {MAX_RATE_HZ}, best 16000"
        )
    if not 1 <= channels <= MAX_CHANNELS:
        raise WireError(UNSUPPORTED_DATA, "audio with more than two channels: send mono")
    if len(pcm) % (2 * channels):
        raise WireError(INVALID_PAYLOAD, "audio that is not whole int16 samples")
    if len(pcm) > MAX_AUDIO_SECS * rate_hz * channels * 2:
        raise WireError(UNSUPPORTED_DATA, f"more than {MAX_AUDIO_SECS:.0f} s of audio in one message")
    return Audio(pcm, rate_hz, channels)


def message(text: str, beside: Collection[str] = ()) -> dict[str, Any] | None:
    """An RTVI message of text alone; None for one of the types `beside`, which is for nobody here.

    Raises WireError.
    """
    found = _json(text)
    if isinstance(found, dict) and found.get("type") in beside:
        return None
    return _rtvi(found)


def _message(text: str) -> dict[str, Any]:
    return _rtvi(_json(text))


def _json(text: str) -> Any:
    try:
        return cleaned_json(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise WireError(INVALID_PAYLOAD, "a message that is not JSON") from error


def _rtvi(message: Any) -> dict[str, Any]:
    if not isinstance(message, dict) or message.get("label") != "rtvi-ai":
        raise WireError(UNSUPPORTED_DATA, "only RTVI messages are taken")
    return message


def encode(frame: Frame) -> bytes | None:
    """The message for a frame that leaves the pipeline, None for one that does not travel."""
    out = frames_pb2.Frame()  # type: ignore[attr-defined]
    if isinstance(frame, OutputAudioRawFrame):
        out.audio.audio = frame.audio
        out.audio.sample_rate = frame.sample_rate
        out.audio.num_channels = frame.num_channels
        if frame.pts is not None:  # when it was sent, for a client that follows its line
            out.audio.pts = frame.pts
    elif isinstance(frame, (OutputTransportMessageFrame, OutputTransportMessageUrgentFrame)):
        out.message.data = json.dumps(frame.message)
    elif isinstance(frame, InterruptionFrame):
        out.interruption.SetInParent()
    else:
        return None
    data: bytes = out.SerializeToString()
    return data

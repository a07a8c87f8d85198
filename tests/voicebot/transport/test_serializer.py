"""The wire: audio and RTVI messages, and a close code for everything else."""

import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipecat.frames.frames import (
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputTransportMessageUrgentFrame,
    StartFrame,
)
from pipecat.frames.protobufs import frames_pb2

from tests.visitors import audio_message, rtvi_message
from voicebot.transport import serializer

PCM = np.arange(512, dtype=np.int16)


def test_audio_arrives_as_it_was_sent():
    audio = serializer.decode(audio_message(PCM, 44_100, 2))
    assert audio == serializer.Audio(PCM.tobytes(), 44_100, 2)


def test_an_rtvi_message_arrives_as_it_was_sent():
    message = serializer.decode(rtvi_message("client-message", {"t": "x", "d": "é \U0001f600"}))
    assert message["data"] == {"t": "x", "d": "é \U0001f600"}


@pytest.mark.parametrize(
    ("sent", "taken"), [("é\ud83d", "é\ufffd"), ("a\x00b", "ab"), ("\ud83d\ude00", "\U0001f600")]
)
def test_half_an_emoji_costs_itself_alone(sent, taken):
    """Escaped in JSON it comes in, and no request to a model could be encoded with it any more."""
    message = serializer.decode(rtvi_message("send-text", {"content": sent, sent: [sent]}))
    assert message["data"] == {"content": taken, taken: [taken]}


def other_frame(kind: str) -> bytes:
    frame = frames_pb2.Frame()
    getattr(frame, kind).text = "I speak for you now"
    return frame.SerializeToString()


def message(text: str) -> bytes:
    frame = frames_pb2.Frame()
    frame.message.data = text
    return frame.SerializeToString()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (audio_message(PCM)[:-100], serializer.INVALID_PAYLOAD),
        (b"\xff\xfe nonsense", serializer.INVALID_PAYLOAD),
        (b"", serializer.UNSUPPORTED_DATA),
        (other_frame("text"), serializer.UNSUPPORTED_DATA),
        (other_frame("transcription"), serializer.UNSUPPORTED_DATA),
        (audio_message(PCM, 1_000), serializer.UNSUPPORTED_DATA),
        (audio_message(PCM, 400_000), serializer.UNSUPPORTED_DATA),
        (audio_message(PCM, 16_000, 6), serializer.UNSUPPORTED_DATA),
        (audio_message(np.zeros(16_000 * 3)), serializer.UNSUPPORTED_DATA),
        (message("{"), serializer.INVALID_PAYLOAD),
        (message("[" * 100_000), serializer.INVALID_PAYLOAD),
        (message("[]"), serializer.UNSUPPORTED_DATA),
        (message(json.dumps({"label": "other"})), serializer.UNSUPPORTED_DATA),
    ],
)
def test_everything_else_is_refused_with_a_close_code(data, code):
    with pytest.raises(serializer.WireError) as caught:
        serializer.decode(data)
    assert caught.value.code == code
    assert 0 < len(caught.value.reason.encode()) <= 123


@given(st.binary(max_size=300))
def test_no_bytes_do_anything_but_decode_or_be_refused(data):
    with suppress(serializer.WireError):
        assert isinstance(serializer.decode(data), serializer.Audio | dict)


def test_what_leaves_the_pipeline_is_what_pipecats_clients_expect():
    audio = frames_pb2.Frame.FromString(serializer.encode(OutputAudioRawFrame(PCM.tobytes(), 24_000, 1)))
    assert (audio.audio.audio, audio.audio.sample_rate, audio.audio.num_channels) == (
        PCM.tobytes(),
        24_000,
        1,
    )
    said = frames_pb2.Frame.FromString(serializer.encode(OutputTransportMessageUrgentFrame(message={"a": 1})))
    assert json.loads(said.message.data) == {"a": 1}
    cut = frames_pb2.Frame.FromString(serializer.encode(InterruptionFrame()))
    assert cut.WhichOneof("frame") == "interruption"
    assert serializer.encode(StartFrame()) is None

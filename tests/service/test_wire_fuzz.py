"""Whatever comes over the socket is a frame, a message, or a WireError: never another exception."""

import json

from hypothesis import given
from hypothesis import strategies as st
from pipecat.frames.protobufs import frames_pb2

from voicebot.transport import serializer

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def taken(data: bytes) -> None:
    refused, item = None, None
    try:
        item = serializer.decode(data)
    except serializer.WireError as error:
        refused = error
    if refused is None:
        assert isinstance(item, (serializer.Audio, dict))
    else:
        assert refused.code in (serializer.UNSUPPORTED_DATA, serializer.INVALID_PAYLOAD)
        assert len(refused.reason) < 120


@given(st.binary(max_size=2000))
def test_any_bytes(data):
    taken(data)


@given(st.binary(max_size=400), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_any_audio(pcm, rate_hz, channels):
    frame = frames_pb2.Frame()
    frame.audio.audio, frame.audio.sample_rate, frame.audio.num_channels = pcm, rate_hz, channels
    taken(frame.SerializeToString())


@given(JSON | st.fixed_dictionaries({"label": st.just("rtvi-ai"), "type": JSON, "id": JSON, "data": JSON}))
def test_any_message(value):
    frame = frames_pb2.Frame()
    frame.message.data = json.dumps(value)
    taken(frame.SerializeToString())


@given(st.text(max_size=200), st.integers(0, 3000))
def test_deep_and_broken_json(text, depth):
    for payload in (text, "[" * depth, '{"a":' * depth + "1"):
        frame = frames_pb2.Frame()
        frame.message.data = payload
        taken(frame.SerializeToString())

"""What a speech server sends is played as what it is, or not at all."""

import io
import wave

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.voicebot.players import pitch_hz
from tests.voicebot.speech_server import TONE_HZ, tone, wav_header
from voicebot.providers.speech.speech_audio import SpeechDecoder, UnplayableAudio, declared_rate_hz

OUT_HZ = 24_000


def decoded(data: bytes, kind: str = "audio/pcm", assumed_hz: int = 24_000, step: int = 4096) -> np.ndarray:
    decoder = SpeechDecoder(kind, assumed_hz=assumed_hz, rate_hz=OUT_HZ)
    fed = [decoder.feed(data[at : at + step]) for at in range(0, len(data), step)]
    return np.frombuffer(b"".join([*fed, decoder.finish()]), np.int16)


def wav(rate_hz: int, channels: int = 1, width: int = 2, letters: int = 40) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        file.writeframes(np.repeat(np.frombuffer(tone(letters, rate_hz), np.int16), channels).tobytes())
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "kind", "assumed_hz"),
    [
        (tone(40, 24_000), "audio/pcm", 24_000),
        (tone(40, 22_050), "audio/pcm", 22_050),
        (tone(40, 16_000), "audio/pcm;rate=16000", 24_000),
        (tone(40, 16_000), "audio/L16; Rate=16000; channels=1", 24_000),
        (tone(40, 48_000), 'audio/pcm; rate="48000"', 24_000),
        (wav_header(16_000) + tone(40, 16_000), "audio/pcm", 24_000),
        (wav_header(24_000) + tone(40, 24_000), "audio/wav", 22_050),
        (wav(44_100), "audio/x-wav", 24_000),
        (wav(8_000, channels=2), "application/octet-stream", 24_000),
        # Of a header and a content type that disagree, the header is nearer to the sound.
        (wav(16_000), "audio/pcm;rate=24000", 24_000),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 4096])
def test_its_pitch_and_length_are_right_however_it_is_sent(data, kind, assumed_hz, step):
    sound = decoded(data, kind, assumed_hz, step)
    assert pitch_hz([sound]) == pytest.approx(TONE_HZ, abs=3)
    assert len(sound) / OUT_HZ == pytest.approx(40 * 0.03, abs=0.01)
    assert np.abs(np.diff(sound[:100].astype(int))).max() < 2500, "a header was taken for sound"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 999), min_size=1, max_size=40), st.sampled_from([16_000, 24_000]))
def test_where_the_network_cuts_it_makes_no_difference(cuts, rate_hz):
    data = wav(rate_hz, letters=12)
    decoder = SpeechDecoder("audio/wav", assumed_hz=24_000, rate_hz=OUT_HZ)
    got, at = b"", 0
    for size in [*cuts, len(data)]:
        got += decoder.feed(data[at : at + size])
        at += size
    here, whole = np.frombuffer(got + decoder.finish(), np.int16), decoded(data, "audio/wav")
    assert np.abs(here.astype(int) - whole).max() <= 2  # the resampler dithers


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"<html>" * 5000, "text/html; charset=utf-8"),
        (b'{"error": 1}' * 500, "application/json"),
        (b"OggS" + bytes(5000), "audio/ogg"),
        (b"fLaC" + bytes(5000), "audio/pcm"),
        (b"ID3\x04" + bytes(5000), "audio/pcm"),
        (b"\xff\xfb\x90\x64" + bytes(5000), "audio/mpeg"),
        (wav(24_000, width=1), "audio/wav"),
        (b"RIFF" + bytes(70_000), "audio/wav"),
        (wav(24_000)[:-5000], "audio/wav"),  # it was cut, and says so itself
    ],
)
def test_what_is_no_sound_is_refused_and_not_played_as_noise(data, kind):
    with pytest.raises(UnplayableAudio):
        decoded(data, kind)


@pytest.mark.parametrize(
    "kind", ["", "audio/pcm", "audio/pcm;rate=", "audio/pcm;rate=loud", "audio/pcm;rate=3"]
)
def test_a_rate_that_is_none_is_not_believed(kind):
    assert declared_rate_hz(kind) is None

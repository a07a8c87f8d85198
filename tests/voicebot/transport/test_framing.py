"""Audio at any rate and in packets of any length becomes the same frames."""

import numpy as np
import pytest

from tests.visitors import RATE_HZ
from voicebot.transport.framing import FRAME_SAMPLES, Framer
from voicebot.transport.serializer import Audio

TONE_HZ, AMPLITUDE = 440, 8000


def tone(rate_hz: int, secs: float, from_secs: float = 0.0) -> np.ndarray:
    at = from_secs + np.arange(int(rate_hz * secs)) / rate_hz
    return (np.sin(2 * np.pi * TONE_HZ * at) * AMPLITUDE).astype(np.int16)


async def frames_of(framer: Framer, pcm: np.ndarray, rate_hz: int, packet_secs: float, channels: int = 1):
    size = max(1, round(packet_secs * rate_hz)) * channels
    taken = []
    for at in range(0, len(pcm), size):
        taken += await framer.take(Audio(pcm[at : at + size].tobytes(), rate_hz, channels))
    return taken


def samples(frames: list[bytes]) -> np.ndarray:
    assert {len(frame) for frame in frames} <= {2 * FRAME_SAMPLES}
    return np.frombuffer(b"".join(frames), np.int16).astype(int)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000, 96_000])
async def test_packets_of_three_milliseconds_and_of_two_seconds_are_the_same_sound(rate_hz):
    said = tone(rate_hz, 2.0)
    whole = samples(await frames_of(Framer(), said, rate_hz, 2.0))
    assert len(whole) > 1.85 * RATE_HZ
    for secs in (0.0027, 0.01, 0.032, 0.3, 1.5):
        cut = samples(await frames_of(Framer(), said, rate_hz, secs))
        assert len(cut) == len(whole)
        assert abs(cut - whole).max() <= 2, "rounding"


async def test_a_rate_that_changes_in_mid_call_leaves_no_gap():
    framer, frames, at = Framer(), [], 0.0
    for rate_hz in (48_000, 44_100, 16_000, 48_000, 16_000, 8_000):
        frames += await frames_of(framer, tone(rate_hz, 0.5, at), rate_hz, 0.02)
        at += 0.5
    heard = samples(frames + await framer.end(0.064))
    assert len(heard) == pytest.approx(3 * RATE_HZ, abs=4 * FRAME_SAMPLES)
    loudness = [np.sqrt(np.mean(part**2.0)) for part in np.split(heard[: 2 * RATE_HZ], 200)]
    assert min(loudness) > 0.9 * AMPLITUDE / np.sqrt(2)
    assert max(loudness) < 1.1 * AMPLITUDE / np.sqrt(2)


async def test_what_the_resampler_still_holds_is_heard_when_packets_stop():
    framer = Framer()
    before = samples(await frames_of(framer, tone(48_000, 0.5), 48_000, 0.01))
    after = samples(await framer.end(0.5))
    loud = np.flatnonzero(abs(np.concatenate([before, after])) > AMPLITUDE / 2)
    assert len(before) < 0.49 * RATE_HZ
    assert loud[-1] == pytest.approx(0.5 * RATE_HZ, abs=40)


async def test_both_channels_are_heard():
    left = np.stack([tone(48_000, 0.5), np.zeros(24_000, np.int16)], axis=1).reshape(-1)
    heard = samples(await frames_of(Framer(), left, 48_000, 0.02, channels=2))
    assert abs(heard).max() == pytest.approx(AMPLITUDE / 2, rel=0.05)


async def test_packets_further_apart_than_they_are_long_lose_nothing(monkeypatch):
    """Pipecat's resampler takes 0.2 s without a call for the end of a stream, and forgets what it holds."""
    now = 0.0
    monkeypatch.setattr("time.time", lambda: now)
    framer, frames, said = Framer(), [], tone(48_000, 2.0)
    for at in range(0, len(said), 24_000):
        frames += await framer.take(Audio(said[at : at + 24_000].tobytes(), 48_000, 1))
        now += 0.5
    assert len(samples(frames)) > 1.9 * RATE_HZ

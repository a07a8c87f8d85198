"""The voice as a call sends it."""

import asyncio

import numpy as np
import pytest

from tests.visitors import speech
from voicebot.transport.webrtc.opus import FRAME_SECS, Decoder
from voicebot.transport.webrtc.voice_track import CLOCK_HZ, REFRESH_SECS, VoiceTrack

RATE_HZ = 24_000
STEP = CLOCK_HZ // 50


class Time:
    """Seconds that pass when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    async def sleep(self, secs: float) -> None:
        await asyncio.sleep(0)
        self.now += max(0.0, secs)


def track() -> tuple[VoiceTrack, Time]:
    async def loss() -> None:
        return None

    time = Time()
    return VoiceTrack(loss, lambda: time.now, time.sleep), time


def words(secs: float) -> bytes:
    return np.resize(speech()[15_000:], int(secs * RATE_HZ)).astype(np.int16).tobytes()


async def test_it_is_sent_at_the_speed_of_speech():
    voice, time = track()
    voice.add(words(1.0), RATE_HZ)
    packets = [await voice.recv() for _ in range(50)]
    assert time.now - 100 == pytest.approx(49 * FRAME_SECS)
    assert [packet.pts for packet in packets] == [number * STEP for number in range(50)]
    assert sum(packet.size for packet in packets) * 8 < 40_000


async def test_silence_costs_next_to_nothing_and_time_goes_on_in_it():
    voice, time = track()
    voice.add(words(0.2), RATE_HZ)
    sizes, begun = [], time.now
    while time.now - begun < 5:
        sizes.append((await voice.recv()).size)
    assert len(sizes) < 50
    assert sizes[-5:] == [1] * 5
    late = await voice.recv()
    voice.add(words(0.2), RATE_HZ)
    again = await voice.recv()
    assert STEP <= again.pts - late.pts <= REFRESH_SECS * CLOCK_HZ
    assert again.size > 10


async def test_what_is_dropped_is_not_heard():
    voice, _ = track()
    voice.add(words(0.4), RATE_HZ)
    first = [bytes(await voice.recv()) for _ in range(4)]
    voice.drop()
    assert voice.waits_secs == 0
    rest = [bytes(await voice.recv()) for _ in range(8)]
    decoder = Decoder(RATE_HZ)
    levels = [np.abs(np.frombuffer(decoder.decode(packet), np.int16)).max() for packet in first + rest]
    assert max(levels[:4]) > 500
    assert max(levels[6:]) < 50


async def test_another_rate_goes_on():
    voice, _ = track()
    for rate in (24_000, 8_000, 16_000):
        voice.add(words(0.1), rate)
        assert (await voice.recv()).size > 2

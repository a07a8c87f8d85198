"""The voice as a call sends it."""

import asyncio

import numpy as np
import pytest

from tests.visitors import speech
from voicebot.transport.webrtc.opus import FRAME_SECS, Decoder
from voicebot.transport.webrtc.voice_track import CLEAN_LOOKS, CLOCK_HZ, LOSS_SECS, REFRESH_SECS, VoiceTrack

RATE_HZ = 24_000
STEP = CLOCK_HZ // 50


class Time:
    """Seconds that pass when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    async def sleep(self, secs: float) -> None:
        await asyncio.sleep(0)
        self.now += max(0.0, secs)


def track(*reports: int | None) -> tuple[VoiceTrack, Time]:
    """A voice whose client says one after the other what it loses, the last of them from then on."""
    left = list(reports) or [None]

    async def loss() -> int | None:
        return left.pop(0) if len(left) > 1 else left[0]

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


async def spoken(voice: VoiceTrack, secs: float) -> list[bytes]:
    voice.add(words(secs), RATE_HZ)
    return [bytes(await voice.recv()) for _ in range(int(secs / FRAME_SECS))]


def corrected(packets: list[bytes]) -> float:
    """How like the original every fifth packet is that is lost and found in the next one."""
    heard, lossy, likenesses = Decoder(RATE_HZ), Decoder(RATE_HZ), []
    for number, packet in enumerate(packets[:-1]):
        whole = np.frombuffer(heard.decode(packet), np.int16).astype(float)
        if number % 5 or number == 0:
            lossy.decode(packet)
            continue
        found = np.frombuffer(lossy.recover(packets[number + 1], FRAME_SECS), np.int16).astype(float)
        if np.abs(whole).max() > 2000:
            likenesses.append(np.corrcoef(whole, found)[0, 1])
    return float(np.mean(likenesses))


UNTIL_CLEAN_SECS = (CLEAN_LOOKS + 1) * (LOSS_SECS + FRAME_SECS)


async def test_who_loses_nothing_gets_no_correction_but_the_whole_bandwidth():
    voice, _ = track(0)
    assert corrected((await spoken(voice, UNTIL_CLEAN_SECS))[:200]) > 0.8
    packets = await spoken(voice, 4)
    assert corrected(packets) < 0.7
    assert {packet[0] >> 3 for packet in packets} == {13}  # RFC 6716, section 3.1: up to 12 kHz, in 20 ms


async def test_who_loses_a_packet_again_gets_correction_again():
    voice, _ = track(*[0] * CLEAN_LOOKS, 1)
    await spoken(voice, UNTIL_CLEAN_SECS)
    assert corrected(await spoken(voice, 4)) > 0.8


@pytest.mark.parametrize("reports", [(None,), (0, 2), (2,)])
async def test_who_may_lose_packets_gets_correction(reports):
    voice, _ = track(*reports)
    await spoken(voice, UNTIL_CLEAN_SECS)
    assert corrected(await spoken(voice, 4)) > 0.8

"""Microphones of all kinds, at a real server: each plays a recording, packet by packet."""

import asyncio
import time
from contextlib import suppress

import numpy as np
import pytest
import soxr
import websockets

from tests.servers import Server
from tests.visitors import RATE_HZ, Visitor, audio_message, speech
from tests.words import words

QUESTION = words("Hello there, can you tell me a story about a dragon?")


async def way_in(server: Server) -> str:
    return (await asyncio.to_thread(server.start_session))[0]


def at_rate(pcm: np.ndarray, rate_hz: int) -> np.ndarray:
    return soxr.resample(pcm.astype(np.float32), RATE_HZ, rate_hz).astype(np.int16)


async def play(visitor: Visitor, pcm: np.ndarray, rate_hz: int, packet: int, pace: float = 1.0) -> None:
    """Sends mono int16 PCM in packets of so many samples, `pace` times as fast as it sounds."""
    due = time.monotonic()
    for at in range(0, len(pcm), packet):
        await visitor.socket.send(audio_message(pcm[at : at + packet], rate_hz))
        due += packet / rate_hz / pace
        await asyncio.sleep(max(0.0, due - time.monotonic()))


async def test_worklet_quanta_and_packets_of_two_seconds_are_heard_alike(server):
    """At 48 kHz a browser's audio worklet hands over 128 samples 375 times a second."""
    said = np.concatenate([speech(), np.zeros(6 * RATE_HZ, np.int16)])

    async def heard(rate_hz: int, packet: int) -> int:
        async with Visitor(await way_in(server)) as visitor:
            await visitor.get_ready()
            await play(visitor, at_rate(said, rate_hz), rate_hz, packet)
            await visitor.until(lambda: visitor.of("user-transcription"))
            assert visitor.closed is None
            return len(visitor.of("user-transcription"))

    formats = ((48_000, 128), (16_000, 512), (16_000, 8_000), (16_000, 24_000), (16_000, 32_000))
    counts = await asyncio.gather(*(heard(*kind) for kind in formats))
    assert len(set(counts)) == 1, dict(zip(formats, counts, strict=True))


@pytest.mark.local
async def test_a_microphone_whose_rate_changes_in_mid_call_is_heard_on(local_server):
    """A headset comes and goes. Its question is asked at four rates in turn, and once across all of them."""
    quiet = np.zeros(int(1.5 * RATE_HZ), np.int16)
    async with Visitor(await way_in(local_server)) as visitor:
        await visitor.get_ready()
        for number, part in enumerate(np.array_split(np.concatenate([quiet, speech(), quiet]), 4)):
            rate_hz = (16_000, 48_000, 44_100, 8_000)[number]
            await play(visitor, at_rate(part, rate_hz), rate_hz, rate_hz // 50)
        await play(visitor, quiet, RATE_HZ, 320)
        await visitor.until(lambda: "dragon" in str(visitor.of("user-transcription")))
        heard = words(" ".join(m["data"]["text"] for m in visitor.of("user-transcription")))
        assert visitor.closed is None
    assert heard[-3:] == QUESTION[-3:]
    assert len(set(QUESTION) - set(heard)) <= 1, heard


async def test_what_a_line_held_up_for_twenty_seconds_is_taken_at_once(server):
    async with Visitor(await way_in(server)) as visitor:
        await visitor.get_ready()
        stalled = np.concatenate([np.zeros(16 * RATE_HZ, np.int16), speech(), np.zeros(RATE_HZ, np.int16)])
        await play(visitor, stalled, RATE_HZ, 512, pace=1e6)
        await visitor.until(lambda: visitor.of("user-transcription"))
        assert visitor.closed is None


async def test_faster_than_real_time_is_bounded_whatever_the_rate(server):
    """In bytes 8 kHz would be taken twenty-five times as fast as it sounds."""
    async with Visitor(await way_in(server)) as visitor:
        await visitor.get_ready()
        message, sent_secs = audio_message(np.zeros(16_000), 8_000), 0.0
        while visitor.closed is None and sent_secs < 60:
            with suppress(websockets.ConnectionClosed):
                await visitor.socket.send(message)
            sent_secs += 2
            await asyncio.sleep(0)
        code, reason = await visitor.until_closed()
    assert (code, "more than anybody can say" in reason) == (4429, True)
    assert sent_secs > 29

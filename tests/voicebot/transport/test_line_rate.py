"""The voice at another rate, for clients that ask for it; for all others as it always was."""

import numpy as np
import pytest
from pipecat.frames.frames import OutputAudioRawFrame
from pipecat.frames.protobufs import frames_pb2

from voicebot.transport import serializer
from voicebot.transport.line_rate import LineRate

SAMPLES = 1920  # 80 ms, as the transport sends


def tone(packets: int) -> list[OutputAudioRawFrame]:
    samples = 8000 * np.sin(2 * np.pi * 440 * np.arange(packets * SAMPLES) / 24_000)
    return [
        OutputAudioRawFrame(part.astype(np.int16).tobytes(), 24_000, 1) for part in np.split(samples, packets)
    ]


def on_the_wire(frame: OutputAudioRawFrame) -> frames_pb2.AudioRawFrame:
    return frames_pb2.Frame.FromString(serializer.encode(frame)).audio


@pytest.mark.parametrize("asked", ["", "44100", "-1", "24000 ", "²", "x" * 100])
async def test_a_client_that_knows_nothing_of_rates_gets_what_it_always_got(asked):
    [frame] = tone(1)
    sent = on_the_wire(await LineRate(asked).packet(frame))
    assert sent.audio == frame.audio
    assert sent.sample_rate == 24_000
    assert not sent.HasField("pts")


@pytest.mark.parametrize("hz", [16_000, 8_000])
async def test_a_lower_rate_is_the_same_sound_to_its_end(hz):
    rate = LineRate(str(hz))
    sent = [on_the_wire(packet) for frame in tone(25) if (packet := await rate.packet(frame))]
    assert all(packet.audio for packet in sent), "a resampler's first packet is for later"
    sent.append(on_the_wire(await rate.end()))
    assert {packet.sample_rate for packet in sent} == {hz}
    heard = np.concatenate([np.frombuffer(packet.audio, np.int16) for packet in sent]).astype(float)
    assert len(heard) == pytest.approx(2 * hz, abs=20)
    middle = heard[hz // 4 : -hz // 4]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(8000 / np.sqrt(2), rel=0.02)
    assert all(packet.pts for packet in sent[:-1])
    assert [packet.pts for packet in sent[:-1]] == sorted(packet.pts for packet in sent[:-1])


async def test_the_rate_changes_between_two_packets_and_none_is_no_sound():
    rate, (first, second, third) = LineRate("24000"), tone(3)
    assert on_the_wire(await rate.packet(first)).sample_rate == 24_000
    rate.change(0)
    assert await rate.packet(second) is None
    assert await rate.end() is None
    rate.change(44_100)  # which is none
    assert rate.hz == 0
    rate.change(24_000)
    assert on_the_wire(await rate.packet(third)).audio == third.audio


async def test_nothing_of_a_speech_that_was_cut_off_comes_after_it():
    rate = LineRate("8000")
    await rate.packet(tone(1)[0])
    await rate.drop()
    assert await rate.end() is None

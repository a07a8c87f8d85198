"""Silence does not travel, and no word is lost to that."""

import numpy as np
import pytest

from tests.visitors import RATE_HZ, speech
from voicebot.transport.silence_gate import OPEN_SECS, PRE_ROLL_SECS, SilenceGate

PACKET = 512
CHANCE = np.random.default_rng(7)


def noise(secs: float, rms: float) -> np.ndarray:
    return (CHANCE.standard_normal(int(secs * RATE_HZ)) * rms).astype(np.int16)


def passed(gate: SilenceGate, samples: np.ndarray) -> np.ndarray:
    out = [gate.take(samples[at : at + PACKET].tobytes()) for at in range(0, len(samples) - PACKET, PACKET)]
    return np.frombuffer(b"".join(out), dtype=np.int16)


def test_silence_stays_where_it_is():
    gate = SilenceGate()
    assert len(passed(gate, np.zeros(RATE_HZ * 5, np.int16))) == 0
    assert gate.held_secs == pytest.approx(5 - PRE_ROLL_SECS, abs=0.1)


@pytest.mark.parametrize("room", [0, 30, 150, 600])
def test_a_sentence_passes_whole_with_what_came_before_it(room):
    gate = SilenceGate()
    passed(gate, noise(4, room))
    words = speech()
    said = (words + noise(len(words) / RATE_HZ + 1, room)[: len(words)]).astype(np.int16)
    heard = passed(gate, np.concatenate([noise(1, room), said, noise(4, room)]))
    loud = np.flatnonzero(np.abs(words.astype(int)) > 4 * room + 300)
    spoken = loud[-1] - loud[0]
    assert len(heard) >= spoken + PRE_ROLL_SECS * RATE_HZ * 0.9
    assert len(heard) < len(said) + (OPEN_SECS + PRE_ROLL_SECS + 0.3) * RATE_HZ, "and the gate closes again"


def test_while_a_turn_goes_on_everything_passes_so_that_its_end_can_be_heard():
    gate = SilenceGate()
    passed(gate, speech())
    gate.in_turn = True
    assert len(passed(gate, np.zeros(RATE_HZ * 5, np.int16))) > 4.9 * RATE_HZ
    gate.in_turn = False
    passed(gate, np.zeros(RATE_HZ, np.int16))
    assert len(passed(gate, np.zeros(RATE_HZ * 2, np.int16))) == 0


def test_a_room_that_gets_louder_closes_again_when_it_is_known():
    gate = SilenceGate()
    passed(gate, noise(4, 20))
    assert len(passed(gate, noise(1, 400))) > 0
    passed(gate, noise(8, 400))
    assert len(passed(gate, noise(2, 400))) == 0


def test_packets_of_any_size_are_taken():
    gate = SilenceGate()
    loud = noise(1, 2000)
    assert gate.take(b"") == b""
    assert gate.take(loud[:7].tobytes()) == loud[:7].tobytes()
    assert gate.take(loud.tobytes()) == loud.tobytes()


@pytest.mark.parametrize("secs", [0.01, 0.1, 0.5, 1.5, 2.0])
def test_speech_passes_in_packets_of_any_length(secs):
    """A packet of two seconds has something loud in it whatever the room is like."""
    gate, size = SilenceGate(), int(secs * RATE_HZ)
    quiet = noise(4, 60)
    heard = np.concatenate([quiet, speech() + noise(len(speech()) / RATE_HZ + 1, 60)[: len(speech())], quiet])
    out = b"".join(gate.take(heard[at : at + size].tobytes()) for at in range(0, len(heard), size))
    loud = np.flatnonzero(np.abs(speech().astype(int)) > 600)
    assert len(out) / 2 >= loud[-1] - loud[0]
    passed = np.frombuffer(out, np.int16)
    assert np.sum(np.abs(passed.astype(int)) > 600) >= 0.99 * len(loud)

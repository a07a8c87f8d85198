"""From packets to words: real speech through transport, voice activity and the local recogniser."""

import numpy as np
import pytest

from tests.piper_speech import MONOLOGUE, spoken
from tests.visitors import RATE_HZ, speech
from tests.voicebot.listener import Listener
from tests.words import error_rate, words

pytestmark = pytest.mark.local


def quiet(secs: float) -> np.ndarray:
    return np.zeros(int(secs * RATE_HZ), np.int16)


def local_stt():
    from voicebot.providers.local.whisper import LocalSTT

    return LocalSTT()


@pytest.mark.parametrize("packet_secs", [0.003, 0.032, 0.5, 1.5, 2.0])
async def test_packets_of_any_length_are_heard_alike(packet_secs):
    async with Listener(local_stt()) as listener:
        await listener.send(np.concatenate([quiet(1), speech(), quiet(2)]), packet_secs)
        heard = await listener.until_heard("dragon")
    assert words(heard) == words("Hello there, can you tell me a story about a dragon?")


@pytest.mark.parametrize("packet_secs", [0.032, 2.0])
async def test_a_short_utterance_is_heard_in_any_packet(packet_secs):
    async with Listener(local_stt()) as listener:
        await listener.send(np.concatenate([quiet(1), spoken("Yes, please."), quiet(2)]), packet_secs)
        assert words(await listener.until_heard("please")) == ["yes", "please"]


@pytest.mark.parametrize("word", ["no", "now"])
@pytest.mark.parametrize("pause_secs", [0.1, 0.13, 0.16])
async def test_a_short_last_word_is_heard_though_no_packet_follows(word, pause_secs):
    """What was transcribed ahead at the pause does not have it, and no silence tells that it is over."""
    sentence, last = (spoken(text)[: -RATE_HZ // 2] for text in ("I would like to come with you", word))
    async with Listener(local_stt()) as listener:
        await listener.send(np.concatenate([quiet(1), sentence, quiet(pause_secs), last]))
        heard = await listener.until_heard(word, 15)
    assert words(heard)[:7] == words("I would like to come with you")


async def test_a_monologue_without_a_pause_is_heard_whole():
    """Twenty-seven seconds in which voice activity is never sure of an end: some pieces, one turn."""
    async with Listener(local_stt(), stop_secs=1.0) as listener:
        await listener.send(np.concatenate([quiet(1), spoken(MONOLOGUE), quiet(2)]))
        turn = await listener.turn()
        assert len(listener.notes.transcripts) >= 2
    assert error_rate([MONOLOGUE], [turn]) <= 0.06, turn

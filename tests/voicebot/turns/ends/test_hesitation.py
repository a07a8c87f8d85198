"""Whoever stops in mid-sentence to think is heard out: real speech and models, on the sound's own clock."""

import asyncio

import pytest

from benchmarks.pause_clips import hesitant
from benchmarks.pauses import played
from tests.chinese_speech import HAS_CHINESE
from voicebot.turns.ends import Rhythm

kokoro = pytest.mark.skipif(not HAS_CHINESE, reason="Kokoro is not installed")
HESITATIONS = [
    ("I was thinking of | going to the island tomorrow.", "en", 2, 1),
    pytest.param("Can you tell me about | the storm last winter?", "en", 1, 1, marks=kokoro),
    pytest.param("我想 | 听一个关于大海的故事。", "zh", 0, 1, marks=kokoro),
]


@pytest.mark.local
@pytest.mark.parametrize(("sentence", "language", "number", "take"), HESITATIONS)
async def test_a_pause_behind_words_that_go_on_does_not_end_the_turn(sentence, language, number, take):
    clip = hesitant(sentence, language, number, take)
    by_sound = await asyncio.to_thread(played, clip, words=False)
    assert by_sound.cut, "or there is nothing to do"
    by_words = await asyncio.to_thread(played, clip)
    assert not by_words.cut
    assert by_words.delay_secs < 0.6


@pytest.mark.local
@kokoro
async def test_a_short_question_whose_sound_is_doubted_is_answered_sooner():
    clip = hesitant("你是谁？", "zh", 1, 0)
    by_sound = await asyncio.to_thread(played, clip, words=False)
    by_words = await asyncio.to_thread(played, clip)
    assert by_words.delay_secs < by_sound.delay_secs - 1


@pytest.mark.local
@kokoro
async def test_who_goes_on_after_pauses_is_waited_for_the_next_time():
    clip = hesitant("Do you know how to | repair a wooden boat?", "en", 11, 0)
    rhythm = Rhythm()
    first = await asyncio.to_thread(played, clip, rhythm=rhythm)
    assert first.cut, "or there is nothing to learn"
    assert not rhythm.halting, "once is no habit"
    await asyncio.to_thread(played, clip, rhythm=rhythm)
    assert rhythm.halting
    again = await asyncio.to_thread(played, clip, rhythm=rhythm)
    assert not again.cut
    assert again.delay_secs < 1.2

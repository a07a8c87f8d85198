"""Kokoro's voices: other languages, other speakers, and what takes them long is made once."""

import asyncio
import math
import time
from dataclasses import replace

import pytest

from benchmarks.acoustics import loudness_lufs, pitch_hz
from characters.spec import CharacterSpec
from tests.voicebot.providers.local.test_voices import LEVEL_LUFS, WOMANS_HZ
from voicebot.providers.beforehand.rehearsal import rehearse
from voicebot.providers.local import voices
from voicebot.providers.local.phonemes import pronounced
from voicebot.providers.local.voices import kept, service

pytestmark = pytest.mark.local

GREETING = "你好，我是林月。"
LIN = CharacterSpec(
    slug="lin", name="林月", greeting=GREETING, voice="zf_xiaoxiao", language="zh", tts_provider="local"
)


@pytest.fixture(scope="module")
def greeting() -> voices.Speech:
    return voices.synthesize(GREETING, voices.Wish.of(LIN))


def test_chinese_has_the_end_of_each_character(greeting):
    assert "".join(word for word, _ in greeting.words) == GREETING
    assert [word for word, _ in greeting.words] == ["你", "好，", "我", "是", "林", "月。"]
    ends = [end for _, end in greeting.words]
    assert ends == sorted(set(ends))
    assert 0 < ends[0] < 0.6
    assert ends[-1] == pytest.approx(greeting.secs, abs=0.35)


def test_a_voice_of_kokoro_is_as_loud_as_the_others_and_of_its_sex(greeting):
    assert loudness_lufs(greeting.pcm, voices.RATE_HZ) == pytest.approx(LEVEL_LUFS, abs=2.5)
    low, high = WOMANS_HZ
    assert low < pitch_hz(greeting.pcm, voices.RATE_HZ) < high + 45


def test_english_words_in_a_chinese_sentence_are_read_as_english():
    (words,) = pronounced("我用 Python 写诗。", "zh-CN")
    assert [word for word, _ in words] == ["我", "用", "Python", "写", "诗。"]
    assert "pˈIθˌɑn" in dict(words)["Python"]


@pytest.mark.parametrize(
    ("accent", "text", "sounds"),
    [
        ("en-US", "The nurse", "ðə nˈɜɹs"),
        ("en-GB", "The nurse", "ðə nˈɜːs"),
        ("es-ES", "Buenas noches", "bwˈenas nˈoʧes"),
        ("fr-FR", "Bonsoir", "bɔ̃swˈaʁ"),
        ("it-IT", "le luci", "le lˈuʧɪ"),
        ("pt-BR", "boa noite", "bˈoɐ nˈoɪʧɪ"),
        ("zh-CN", "你好", "ni↓xau↓"),
    ],
)
def test_each_language_is_pronounced_by_its_own_rules(accent, text, sounds):
    (words,) = pronounced(text, accent)
    assert "".join(phonemes for _, phonemes in words).strip() == sounds


def test_a_long_text_is_spoken_by_clause_and_the_first_one_is_short():
    text = "The lamps are lit, the door is open, and I have all the time in the world for you, dear friend."
    clauses = service.in_pieces(text, "kokoro")
    assert clauses[0] == "The lamps are lit, the door is open,"
    assert " ".join(clauses) == text
    assert service.in_pieces(text, "hibari") == [text]
    chinese = service.in_pieces(
        "灯已经点亮，门也开着，今晚我有的是时间陪你，我的老朋友，请坐下来慢慢说。", "kokoro"
    )
    assert len(chinese[0]) <= 16
    assert chinese[0].endswith("，")


async def test_a_greeting_that_was_rehearsed_is_there_at_once_also_after_a_restart(
    settings, tmp_path, greeting
):
    settings.MEDIA_ROOT = tmp_path
    kept.again.cache_clear()
    await rehearse(LIN)
    (file,) = (tmp_path / kept.KEPT_FOLDER).iterdir()
    kept.again.cache_clear()  # as a new process
    began = time.monotonic()
    again = kept.again(GREETING, voices.Wish.of(LIN))
    assert time.monotonic() - began < 0.2
    assert again.words == greeting.words
    assert again.pcm == greeting.pcm
    file.write_bytes(b"cut off")
    kept.again.cache_clear()
    assert kept.again(GREETING, voices.Wish.of(LIN)).secs == greeting.secs, "it is made again"


async def test_a_quick_voice_is_not_rehearsed(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    await rehearse(replace(LIN, voice="heart", language="en", greeting="Hello."))
    assert not list(tmp_path.iterdir())


async def test_a_visitor_goes_before_a_rehearsal():
    pool = voices.engines.pool("test_rehearsal")
    order: list[str] = []
    holding = pool.submit(0, time.sleep, 0.05)
    waiting = [
        pool.submit(math.inf, order.append, "rehearsal"),
        pool.submit(time.monotonic(), order.append, "visitor"),
    ]
    await asyncio.gather(*map(asyncio.wrap_future, [holding, *waiting]))
    assert order == ["visitor", "rehearsal"]

"""Voices that nobody needs give back what they computed in; a slow one is unloaded, and loaded again."""

import time

import pytest

from voicebot.ops import process_memory
from voicebot.providers import registry
from voicebot.providers.local import voices
from voicebot.providers.local.voices import engines, kokoro
from voicebot.providers.local.voices.engines import REST_SECS, UNLOAD_SECS

pytestmark = pytest.mark.local

LONG = (
    "Good evening, and welcome to the stage, where somebody is waiting who would very much like to hear what "
    "you have to say."
)


@pytest.fixture(autouse=True)
def nobody_else_speaks() -> None:
    """What other tests have used, rests already."""
    engines.rest(time.monotonic() + UNLOAD_SECS + 1)


def anonymous_mb() -> float:
    """Of this process, as proc(5) counts them (smaps_rollup)."""
    process_memory.trim_heap()
    with open("/proc/self/smaps_rollup") as file:  # noqa: PTH123
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("Anonymous:"))


def in_its_thread(voice: str, text: str, language: str = "en") -> voices.Speech:
    wish = voices.Wish(voice, language)
    return engines.pool(wish.cast().voice.engine).now(voices.synthesize, text, wish).result()


def test_a_voice_gives_back_what_long_sentences_took_and_speaks_as_before():
    began = time.monotonic()
    before = in_its_thread("joe", LONG)
    while_speaking = anonymous_mb()
    assert not engines.rest(began + REST_SECS - 1), "it has just spoken"
    assert engines.rest(time.monotonic() + REST_SECS + 1)
    assert while_speaking - anonymous_mb() > 60
    assert not engines.rest(time.monotonic() + REST_SECS + 1), "there is nothing left to give back"
    assert len(in_its_thread("joe", LONG).pcm) == pytest.approx(len(before.pcm), rel=0.1)
    assert engines.rest(time.monotonic() + REST_SECS + 1), "it has spoken since"


def test_a_slow_engine_is_unloaded_after_a_while_and_loaded_when_a_conversation_begins():
    in_its_thread("zf_xiaoni", "晚上好。", "zh")
    loaded = anonymous_mb()
    assert registry.give_back() is False
    assert engines.rest(time.monotonic() + UNLOAD_SECS + 1)
    assert not kokoro._model.cache_info().currsize
    assert loaded - anonymous_mb() > 100, "of some 130 to 300, as what other tests left lies in between"
    engines.load(voices.Wish("zf_xiaoni", "zh").cast().voice)
    assert kokoro._model.cache_info().currsize
    assert in_its_thread("zf_xiaoni", "晚上好。", "zh").secs > 0.5

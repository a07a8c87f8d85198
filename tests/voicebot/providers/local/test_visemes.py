"""Visemes of the voices of this machine: the mouth is closed where the sound is."""

import numpy as np
import pytest

from characters.spec import CharacterSpec
from tests.chinese_speech import HAS_CHINESE
from voicebot.providers.local import voices
from voicebot.providers.local.voices import kept
from voicebot.providers.speech.visemes import SILENT, visemes

pytestmark = pytest.mark.local

ENGLISH = (
    "Bobby put a big happy map by the pub, and Papa bought a copper pipe.",
    "The baker popped a paper bag above the public bar.",
)
CHINESE = ("爸爸跑步，怕不怕？八百棵白菜和苹果。", "奶奶把宝贝背包摆在桌边。")
STEP_SECS = 0.005
chinese = pytest.param("zf_xiaoxiao", marks=pytest.mark.skipif(not HAS_CHINESE, reason="local-kokoro"))


def said(voice: str, **wish: float) -> list[voices.Speech]:
    zh = voice.startswith("z")
    return [
        voices.synthesize(text, voices.Wish(voice, "zh" if zh else "en", **wish))
        for text in (CHINESE if zh else ENGLISH)
    ]


def level_db(speech: voices.Speech) -> np.ndarray:
    """Of each step of STEP_SECS."""
    samples = np.frombuffer(speech.pcm, np.int16) / 32768
    step = int(STEP_SECS * voices.RATE_HZ)
    steps = samples[: len(samples) // step * step].reshape(-1, step)
    return 10 * np.log10((steps**2).mean(axis=1) + 1e-7)


def dip_db(speeches: list[voices.Speech], later_secs: float = 0.0) -> float:
    """How much quieter it is behind closed lips than with the mouth wide open."""
    levels: dict[str, list[float]] = {"PP": [], "aa": []}
    for speech in speeches:
        level = level_db(speech)
        for (shape, begin), (_, end) in zip(speech.visemes, speech.visemes[1:], strict=False):
            first, last = (max(0, int((at + later_secs) / STEP_SECS)) for at in (begin, end))
            if shape in levels and first < last:
                levels[shape].append(float(level[first:last].mean()))
    return float(np.mean(levels["aa"]) - np.mean(levels["PP"]))


@pytest.mark.parametrize("voice", ["heart", "joe", "af_bella", chinese])
def test_closed_lips_are_where_the_sound_dips(voice):
    speeches = said(voice)
    assert dip_db(speeches) > 7
    assert dip_db(speeches) > 6 + max(dip_db(speeches, late) for late in (-0.12, 0.06)), "and nowhere else"


@pytest.mark.parametrize("voice", ["heart", "joe"])
def test_pitch_and_speed_take_the_mouth_along(voice):
    assert dip_db(said(voice, pitch=-3.0, speed=0.8)) > 7


@pytest.mark.parametrize("voice", ["heart", "joe", chinese])
def test_a_mouth_moves_in_order_and_ends_closed(voice):
    for speech in said(voice):
        begins = [begin for _, begin in speech.visemes]
        assert begins == sorted(begins)
        assert 0 <= begins[0] < 0.2
        assert speech.visemes[-1][0] == SILENT
        assert begins[-1] <= speech.secs
        assert len(speech.visemes) > 20


def test_what_has_no_shape_leaves_the_mouth_as_it_is():
    timed = [(sound, float(number)) for number, sound in enumerate("bˈi↓ bbA.")]
    assert visemes(timed) == [("PP", 0.0), ("I", 2.0), ("PP", 5.0), ("E", 7.0), ("I", 7.5), (SILENT, 8.0)]


@pytest.mark.skipif(not HAS_CHINESE, reason="local-kokoro")
def test_speech_that_is_kept_keeps_its_mouth():
    wish = voices.Wish.of(CharacterSpec(name="Mei", slug="mei", voice="zf_xiaoxiao", language="zh"))
    made = kept.again("你好。", wish)
    kept.again.cache_clear()
    again = kept.again("你好。", wish)
    assert again.visemes
    assert [viseme for viseme, _ in again.visemes] == [viseme for viseme, _ in made.visemes]

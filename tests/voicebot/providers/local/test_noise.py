"""What is no turn: noise, music and what Whisper invents; and that a visitor's shortest words are one."""

import numpy as np
import pytest

from tests.noises import clips
from tests.piper_speech import spoken
from tests.visitors import RATE_HZ
from tests.words import words

pytestmark = pytest.mark.local

SHORT = tuple(
    """Thank you.|Thank you very much.|Thanks.|You.|Yes.|No.|Okay.|Bye.|Goodbye.|Hello.|Please.|What?|Why?
    |Stop.|Wait.|Go on.|Good.|Right.|Sure.|I see.|You too.|Thanks for watching.""".replace(
        "\n    ", ""
    ).split("|")
)
CREDITS = (
    "Subtitles by the Amara.org community",
    "字幕由志愿者提供",
    "请不吝点赞订阅转发打赏支持明镜与点点栏目",
    "請不吝點贊訂閱轉發打賞支持明鏡與點點欄目",
    "优优独播剧场——YoYo Television Series Exclusive",
    "優優獨播劇場",
    "中文字幕志愿者 杨茜茜",
    "字幕製作:貝爾",
    "Transcription by CastingWords",
    "Subtítulos realizados por la comunidad de Amara.org",
    "Sottotitoli e revisione a cura di QTSS",
    "Sous-titrage Société Radio-Canada",
    "Legendas pela comunidade de amigos",
)
# What Whisper writes of silence as well, and somebody may say; several in a row, too.
INVENTED = (
    "Thank you. Thank you.",
    "Okay. Bye-bye.",
    "Bye-bye.",
    "Thanks for listening.",
    "See you next time. Bye.",
    "Please subscribe to my channel.",
    "謝謝觀看。",
    "謝謝大家。",
    "谢谢。谢谢观看。",
    "感谢收听,再见。",
    "請訂閱我的頻道。",
    "ご視聴ありがとうございました。",
    "¡Gracias por ver el vídeo!",
    "Merci d'avoir regardé cette vidéo.",
)
SAID = (
    "So you see me?",
    "Thank you for the bread.",
    "I'm sorry I am late.",
    "谢谢你的面包。",
    "再见到你真好。",
)


def models():
    from voicebot.providers.local import ears

    return {
        "tiny.en": (ears.english(), ears.Expected()),
        "tiny.en, names": (ears.english(), ears.Expected(names=("Maren", "Tindra", "Skerry Sound"))),
        "base": (ears.multilingual(), ears.Expected(("en", "zh"))),
        "base, Chinese": (ears.multilingual(), ears.Expected(("zh",))),
    }


@pytest.mark.parametrize("model", ["tiny.en", "tiny.en, names", "base", "base, Chinese"])
def test_noise_hum_music_and_claps_are_no_turns(model):
    recogniser, expected = models()[model]
    sounds = clips() if model == "tiny.en" else clips()[::3]
    assert len(clips()) >= 60
    found = {name: recogniser.listen(pcm.tobytes(), expected).text for name, pcm in sounds}
    assert {name: text for name, text in found.items() if text} == {}


@pytest.mark.parametrize("secs", [0.0, 0.3, 1.0, 4.0])
@pytest.mark.parametrize("model", ["tiny.en", "tiny.en, names", "base", "base, Chinese"])
def test_silence_is_no_turn(model, secs):
    recogniser, expected = models()[model]
    assert recogniser.listen(bytes(2 * int(secs * RATE_HZ)), expected).text == ""


@pytest.mark.parametrize("model", ["tiny.en", "tiny.en, names", "base"])
def test_the_shortest_words_of_a_visitor_are_turns(model):
    recogniser, expected = models()[model]
    found = {said: recogniser.listen(spoken(said).tobytes(), expected).text for said in SHORT}
    assert [said for said, text in found.items() if not text] == []
    same = [said for said, text in found.items() if words(said) == words(text)]
    assert len(same) >= 0.7 * len(SHORT), found


def test_thank_you_is_kept_also_beside_noise():
    """15 dB below the voice, as in a room with a fan."""
    said = spoken("Thank you.").astype(np.float64)
    level = np.sqrt(np.mean(said**2)) * 10 ** (-15 / 20)
    noisy = said + np.random.default_rng(3).normal(0, level, len(said))
    for recogniser, expected in models().values():
        if expected.languages[0] == "en":
            heard = recogniser.listen(noisy.astype(np.int16).tobytes(), expected)
            assert words(heard.text) == ["thank", "you"]


@pytest.mark.parametrize(
    ("text", "no_speech", "log_prob", "voice", "nothing"),
    [
        ("Thank you.", 0.1, -0.3, False, True),  # an invention, as sure as anything
        ("Thank you.", 0.1, -0.3, True, False),
        ("谢谢观看。", 0.1, -0.3, False, True),
        ("谢谢。", 0.1, -0.3, True, False),
        ("What is the capital of France?", 0.1, -0.3, False, False),  # sure, and nothing that is invented
        ("What is the capital of France?", 0.1, -1.2, False, True),
        ("What is the capital of France?", 0.1, -1.2, True, False),
        ("What is the capital of France?", 0.5, -1.7, True, True),
        ("Yes.", 0.7, -0.1, True, True),
        ("...", 0.0, 0.0, True, True),
        *((credit, 0.0, 0.0, True, True) for credit in CREDITS),
    ],
)
def test_what_nobody_has_said_is_told_by_confidence_and_voice(text, no_speech, log_prob, voice, nothing):
    from voicebot.providers.local.ears.nothing import is_nothing

    sound = spoken("Thank you.") if voice else np.zeros(RATE_HZ, np.int16)
    assert is_nothing(text, no_speech, log_prob, sound.astype(np.float32) / 32768) == nothing


@pytest.mark.parametrize("text", INVENTED)
def test_an_invention_counts_only_with_a_voice(text):
    from voicebot.providers.local.ears.nothing import is_nothing

    assert is_nothing(text, 0.1, -0.3, np.zeros(RATE_HZ, np.float32))
    assert not is_nothing(text, 0.1, -0.3, spoken("Thank you.").astype(np.float32) / 32768)


@pytest.mark.parametrize("text", SAID)
def test_words_that_begin_with_an_invention_are_none(text):
    from voicebot.providers.local.ears.nothing import is_nothing

    assert not is_nothing(text, 0.1, -0.3, np.zeros(RATE_HZ, np.float32))


@pytest.mark.parametrize(
    ("text", "hinted", "nothing"),
    [
        ("Maren, Skerry, Maren.", ("Maren", "Skerry"), True),
        ("Jean-Luc, Jean-Luc.", ("Jean-Luc",), True),
        ("O'Brien, O'Brien.", ("O\u2019Brien",), True),
        ("Saint-Malo, Mary Ann.", ("Mary Ann", "Saint-Malo"), True),
        ("Where is Jean-Luc?", ("Jean-Luc",), False),
        ("Lilian", ("Lil", "Ian"), False),  # a word that is put together of names is none of them
        ("梅姨、来福。", ("梅姨", "来福"), True),
        ("梅姨在哪里？", ("梅姨", "来福"), False),
    ],
)
def test_a_list_of_hinted_names_without_a_voice_is_nothing(text, hinted, nothing):
    from voicebot.providers.local.ears.nothing import is_nothing

    assert is_nothing(text, 0.1, -0.3, np.zeros(RATE_HZ, np.float32), hinted) == nothing

"""Names that a character is likely to hear, hinted at or not: .venv/bin/python -m benchmarks.hints [--only]

Forty sentences with a name of ten that are hinted at, sentences without (those of `benchmarks.spoken`),
and twelve with a word that sounds like one: in English said by Piper's joe in five pitches and tempos,
in Mandarin in six of Kokoro's voices. Each row is the text that hints at names. Counted are names that
are written as they are, errors in words or in characters, names that are written where nobody said one,
and milliseconds of both cores. What is said is the same each time. `--only` takes `tiny.en`, `base-en`
and `base-zh`.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmarks.spoken import CHINESE, CHINESE_VOICES, SENTENCES, VOICES, say
from tests import chinese_speech
from tests.words import edits, words
from voicebot.providers.local import ears
from voicebot.providers.local.ears import recogniser

NAMES = [
    "Maren",
    "Halvorsen",
    "Tindra",
    "Skerry",
    "Orsolya",
    "Brannoch",
    "Kestrel",
    "Wren",
    "Isolde",
    "Vesper",
]
QUESTIONS = (
    "Who is {}?",
    "Tell me a story about {}, please.",
    "Good morning {}, how are you today?",
    "Have you ever seen {} in the winter?",
)
ALIKE = """That film was very scary.
Is it scary in the forest at night?
She ran to the shop this morning.
He ran all the way home.
I sold my old bike last week.
My father sold the boat.
What is best for me?
The weather in the north has worsened.
A tender piece of meat is on the plate.
The marina is full of boats.
Have you ever been to a castle?
I heard a whisper in the dark.""".splitlines()
# Of people, a bird, a tea and places: Mei Yi's, and others.
CHINESE_NAMES = ["梅姨", "来福", "小满", "老陈", "听雨茶馆", "青岚镇", "沈晚舟", "顾长庚", "白鹭洲", "碧螺春"]
CHINESE_QUESTIONS = ("你知道{}吗？", "请给我讲讲{}的故事。", "我昨天听说了{}。", "你还记得{}吗？")  # noqa: RUF001
CHINESE_ALIKE = """这部电影没意思。
他来复习功课。
教室里已经坐满了。
我住在老城区。
夜里我听雨声睡觉。
这块青蓝色的布很好看。
他常常更新自己的日记。
我要走一百里路。
天气预报说必落大雨。
这里没有意义。
深夜太晚了别出门。
小慢车晚点了。""".splitlines()


class Part(NamedTuple):
    """What is said to a model, and in which sentences it is hinted at the names, '' for none."""

    ear: Callable[[], ears.Recogniser]
    language: str
    names: Sequence[str]
    said: tuple[Sequence[str], ...]  # with a name, without, and with a word like one
    sound: Callable[[int, str], bytes]
    tried: Sequence[str]


def english(number: int, text: str) -> bytes:
    return say(text, *VOICES[number % len(VOICES)]).tobytes()


def chinese(number: int, text: str) -> bytes:
    return chinese_speech.spoken(text, CHINESE_VOICES[number % len(CHINESE_VOICES)]).tobytes()


def named(questions: Sequence[str], names: Sequence[str]) -> list[str]:
    return [question.format(name) for question in questions for name in names]


IN_ENGLISH = (named(QUESTIONS, NAMES), SENTENCES, ALIKE)
IN_CHINESE = (named(CHINESE_QUESTIONS, CHINESE_NAMES), CHINESE, CHINESE_ALIKE)
TRIED = ("", "{}.", "Glossary: {}.", "We talk about {}.")
PARTS = {
    "tiny.en": Part(ears.english, "en", NAMES, IN_ENGLISH, english, TRIED),
    "base-en": Part(ears.multilingual, "en", NAMES, IN_ENGLISH, english, TRIED),
    "base-zh": Part(
        ears.multilingual,
        "zh",
        CHINESE_NAMES,
        IN_CHINESE,
        chinese,
        ("", "{}。", "词汇表：{}。", "我们谈论{}。"),  # noqa: RUF001
    ),
}


def units(text: str, language: str) -> list[str]:
    """What errors are counted in: words, or characters where no spaces are between them."""
    return words(text) if language == "en" else list("".join(words(text)))


def names_in(text: str, part: Part) -> set[str]:
    if part.language == "en":
        return {name.lower() for name in part.names} & set(words(text))
    return {name for name in part.names if name in text}


def row(name: str, part: Part, hint: str, sounds: Sequence[Sequence[bytes]]) -> None:
    expected = ears.Expected((part.language,), tuple(part.names) if hint else ())
    if hint:
        recogniser.HINTS[part.language] = (hint, recogniser.HINTS[part.language][1])
    took: list[float] = []

    def listen(pcm: bytes) -> str:
        begun = time.process_time()
        text = part.ear().listen(pcm, expected).text
        took.append(1000 * (time.process_time() - begun))
        return text

    heard = [[listen(pcm) for pcm in kind] for kind in sounds]
    right = sum(
        bool(names_in(text, part) & names_in(told, part))
        for text, told in zip(heard[0], part.said[0], strict=True)
    )
    invented = sum(bool(names_in(text, part)) for kind in heard[1:] for text in kind)
    rates = " ".join(
        f"{errors(texts, found, part.language):>{width}.1%}"
        for texts, found, width in zip(part.said, heard, (12, 8, 6), strict=True)
    )
    counts = f"{invented:>9} {statistics.median(took):>7.0f}"
    print(f"{name:<8} {hint or 'none':<20} {right:>3}/{len(part.said[0])} {rates} {counts}", flush=True)


def errors(said: Sequence[str], heard: Sequence[str], language: str) -> float:
    pairs = [(units(one, language), units(other, language)) for one, other in zip(said, heard, strict=True)]
    return sum(edits(one, other) for one, other in pairs) / sum(len(one) for one, _ in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    columns = f"{'names':>6} {'errors with':>12} {'without':>8} {'like':>6} {'invented':>9} {'CPU ms':>7}"
    print(f"{'model':<8} {'hint':<20} {columns}")
    for name in parser.parse_args().only:
        part = PARTS[name]
        sounds = [[part.sound(number, text) for number, text in enumerate(said)] for said in part.said]
        for hint in part.tried:
            row(name, part, hint, sounds)


if __name__ == "__main__":
    main()

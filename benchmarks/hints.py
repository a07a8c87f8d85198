"""Names that a character is likely to hear, hinted at or not: .venv/bin/python -m benchmarks.hints

Forty sentences with a name of ten that are hinted at, the sentences of `benchmarks.spoken` that have none,
and twelve with a word that sounds like one, said by Piper's joe in five pitches and tempos. Each row is the
text that hints at names. Counted are names that are written as they are, word errors, names that are written
where nobody said one, and milliseconds.
"""

import statistics
import time
from collections.abc import Sequence

from benchmarks.spoken import SENTENCES, VOICES, say
from tests.words import error_rate, words
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
NAMED = [question.format(name) for question in QUESTIONS for name in NAMES]
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
TRIED = ("", "{}.", "Glossary: {}.", recogniser.HINT)


def audio(said: Sequence[str]) -> list[bytes]:
    return [say(text, *VOICES[number % len(VOICES)]).tobytes() for number, text in enumerate(said)]


def main() -> None:
    said = (NAMED, SENTENCES, ALIKE)
    sounds = [audio(part) for part in said]
    print(f"{len(NAMED)} sentences with a name, {len(SENTENCES)} without, {len(ALIKE)} with a word like one")
    columns = f"{'names':>6} {'errors with':>12} {'without':>8} {'like':>6} {'invented':>9} {'ms':>5}"
    print(f"{'model':<8} {'hint':<20} {columns}")
    for model, ear, tried in (
        ("tiny.en", ears.english(), TRIED),
        ("base", ears.multilingual(), ("", recogniser.HINT)),
    ):
        for hint in tried:
            row(model, ear, hint, said, sounds)


def row(
    model: str, ear: ears.Recogniser, hint: str, said: Sequence[list[str]], sounds: Sequence[list[bytes]]
) -> None:
    expected = ears.Expected(names=tuple(NAMES) if hint else ())
    recogniser.HINT = hint
    took: list[float] = []

    def listen(pcm: bytes) -> str:
        begun = time.perf_counter()
        text = ear.listen(pcm, expected).text
        took.append(1000 * (time.perf_counter() - begun))
        return text

    heard = [[listen(pcm) for pcm in part] for part in sounds]
    right = sum(
        bool({name.lower() for name in NAMES} & set(words(text)) & set(words(told)))
        for text, told in zip(heard[0], said[0], strict=True)
    )
    known = {name.lower() for name in NAMES}
    invented = sum(bool(known & set(words(text))) for part in heard[1:] for text in part)
    wrong = [error_rate(list(texts), found) for texts, found in zip(said, heard, strict=True)]
    rates = f"{wrong[0]:>12.1%} {wrong[1]:>8.1%} {wrong[2]:>6.1%}"
    counts = f"{invented:>9} {statistics.median(took):>5.0f}"
    print(f"{model:<8} {hint or 'none':<20} {right:>3}/{len(NAMED)} {rates} {counts}", flush=True)


if __name__ == "__main__":
    main()

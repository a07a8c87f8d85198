"""Which written exchange is found for a question, and how surely: .venv/bin/python -m benchmarks.repertoire

Questions of which it is known whether and by what they are answered, none in the words of a repertoire, to
each demo character, by meaning and by letters alone. Precision is the share of spoken answers that are right,
recall the share of answerable questions that are answered rightly.

There are three sets. Wordings of the demo repertoires were widened with the first one in view: what it says
of them is too good. The others, unseen, were written afterwards, and nothing was changed for them: their
figures are those to quote. The second of these was written before other ways to score were compared.
"""

import itertools
import math
import os
import sys
import time
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from benchmarks.demo_characters import questions, specs  # noqa: E402
from characters import prompts  # noqa: E402
from characters.spec import CharacterSpec  # noqa: E402
from voicebot.repertoire import SPOKEN, SPOKEN_FOR_MODEL, index_cache  # noqa: E402

LEVELS = (0.3, 0.4, SPOKEN, 0.6, 0.7, SPOKEN_FOR_MODEL, 0.9)
SECS = 5.0  # a benchmark may wait


class Found(NamedTuple):
    """What came first for a question: how sure, whether it is right, whether there is an answer at all."""

    sure: float
    right: bool
    answerable: bool
    asked: str
    question: str


class Took(NamedTuple):
    """Milliseconds of one search: by the clock, and of this process's CPU, which differ on a busy machine."""

    wall: float
    cpu: float


SETS: dict[bool | str, str] = {
    False: "questions that served to write and to tune",
    True: "UNSEEN QUESTIONS",
    "held-out": "UNSEEN QUESTIONS, A SECOND SET (English)",
}


def found_for(spec: CharacterSpec, *, by_meaning: bool, unseen: bool | str, took: list[Took]) -> list[Found]:
    written = index_cache().written(spec)
    index_cache().read()
    wordings = [set(one.questions) for one in prompts.repertoire_of(spec).exchanges]
    known = set().union(*wordings)
    found = []
    for asked, wanted in questions(spec, unseen=unseen):
        if wanted and not known & set(wanted):
            continue  # this character has no such exchange
        if asked in known:
            continue  # word for word: no test
        began, cpu = time.perf_counter(), time.process_time()
        secs = SECS if by_meaning else 0.0
        first = index_cache().matches(written.index, asked, within_secs=secs)[0]
        took.append(Took(1000 * (time.perf_counter() - began), 1000 * (time.process_time() - cpu)))
        right = bool(wordings[first.exchange] & set(wanted))
        found.append(Found(first.sure, right, bool(wanted), asked, first.question))
    return found


def table(found: Sequence[Found]) -> None:
    answerable = sum(one.answerable for one in found)
    first = sum(one.right for one in found)
    print(
        f"  {answerable} answerable, {len(found) - answerable} not; right one first: {first / answerable:.2f}"
    )
    for level in LEVELS:
        spoken = [one for one in found if one.sure >= level]
        right = sum(one.right for one in spoken)
        precision = right / len(spoken) if spoken else 1.0
        print(f"  sure {level:.2f}: precision {precision:.2f}, recall {right / answerable:.2f}")


def curve(found: Sequence[Found], steepness: float, middle: float) -> tuple[float, float]:
    """The logistic curve that gives the most likely probabilities: steepness and middle, by Newton's method.

    `sure` is undone first, with the curve that made it.
    """
    scores = [middle + math.log(max(one.sure, 1e-9) / max(1 - one.sure, 1e-9)) / steepness for one in found]
    slope, shift = steepness, -steepness * middle
    for _ in range(50):
        chances = [1 / (1 + math.exp(-(slope * score + shift))) for score in scores]
        off = [chance - one.right for chance, one in zip(chances, found, strict=True)]
        weights = [chance * (1 - chance) + 1e-9 for chance in chances]
        by_slope = sum(o * s for o, s in zip(off, scores, strict=True))
        by_shift = sum(off)
        a = sum(w * s * s for w, s in zip(weights, scores, strict=True))
        b = sum(w * s for w, s in zip(weights, scores, strict=True))
        c = sum(weights)
        determinant = a * c - b * b
        slope -= (c * by_slope - b * by_shift) / determinant
        shift -= (a * by_shift - b * by_slope) / determinant
    return slope, -shift / slope


def main() -> None:
    from voicebot.repertoire import certainty

    ways = ((True, certainty.MEANT), (False, certainty.LETTERED))
    for (unseen, which), (by_meaning, made_by) in itertools.product(SETS.items(), ways):
        print(f"{which}, {'by meaning and letters' if by_meaning else 'by letters alone'}")
        every: list[Found] = []
        took: list[Took] = []
        for spec in specs():
            found = found_for(spec, by_meaning=by_meaning, unseen=unseen, took=took)
            if not found:
                continue
            print(spec.name)
            table(found)
            every += found
            if "-v" in sys.argv:
                for one in sorted(found):
                    if (one.answerable and not one.right) or (not one.answerable and one.sure > SPOKEN):
                        print(f"    {one.sure:.2f} {one.asked} -> {one.question}")
        print("all")
        table(every)
        slope, middle = curve(every, *made_by)
        print(f"  the most likely curve: steepness {slope:.1f}, middle {middle:.2f}")
        wall, cpu = median(one.wall for one in took), median(one.cpu for one in took)
        print(f"  a search: p50 {wall:.1f} ms, of which CPU {cpu:.1f} ms; longest {max(took).wall:.1f} ms")


if __name__ == "__main__":
    main()

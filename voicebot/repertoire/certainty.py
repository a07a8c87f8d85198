"""How sure a match is, and from when on an answer is spoken.

`benchmarks/repertoire.py` asks questions whose answers are known and prints precision and recall at each
threshold. On 340 that nobody had seen who wrote or tuned, of a match this sure or surer the share that was
right: 0.75 of those from 0.55 on, 0.94 of those from 0.8 on.
"""

import math
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from characters.spec import CharacterSpec
from voicebot.meaning import Vectors

LETTERS_SHARE = 0.2  # of a score: alone they find half as many; beside the meaning, names and rare words
SECOND_SHARE = 0.3  # of what the second best wording says: one alone is near by accident more often
LONE_WORDING = 0.9  # what a question counts that has no second wording
FOLLOW_UP = 0.12  # what a follow-up is nearer, right after its block was answered, and farther once told
# P(right) of the best match, a logistic curve over its score: steepness, and the score of 0.5; the same by
# letters alone. For the unseen questions (15.0, 0.42) and (10.4, 0.48) are the likeliest.
MEANT, LETTERED = (14.0, 0.42), (11.0, 0.45)
SPOKEN = 0.55  # sure enough for a written answer where the alternative is a fallback
SPOKEN_FOR_MODEL = SPOKEN  # the small model's own words fit far less often than a match of this sureness
NEAR = 0.3  # and where the small model's words were found faulty
SHOWN_TO_MODEL = 0.2  # enough to be an example for a model
SHOWN_TO_SMALL = 0.6  # for one on this machine, whose answer waits some 10 ms for each word that it reads


class Spoken(NamedTuple):
    """From how sure on a written answer is spoken, and whether a model answers what is less sure."""

    sure: float
    or_model: bool


@runtime_checkable
class SpeaksFromRepertoire(Protocol):
    """A provider whose language models speak written answers: when, for a character."""

    def speaks_written_from(self, spec: CharacterSpec) -> Spoken: ...


WITHOUT_MODEL = Spoken(SPOKEN, or_model=False)
BESIDE_SMALL_MODEL = Spoken(SPOKEN_FOR_MODEL, or_model=True)
BY_MODEL = Spoken(math.inf, or_model=True)  # written answers are examples, and never spoken


def score(letters: Vectors, meant: Vectors | None) -> Vectors:
    """How near questions are, by letters and, if it is known, by meaning."""
    if meant is None:
        return letters
    return np.asarray((1 - LETTERS_SHARE) * meant + LETTERS_SHARE * letters, np.float32)


def agreed(wordings: Vectors) -> float:
    """The score of an exchange whose wordings have these, the highest first."""
    best = float(wordings[0])
    if len(wordings) < 2:
        return LONE_WORDING * best
    return (1 - SECOND_SHARE) * best + SECOND_SHARE * float(wordings[1])


def sure(value: float, *, by_meaning: bool) -> float:
    """The share of matches of such a score that were right, 0 to 1."""
    steepness, middle = MEANT if by_meaning else LETTERED
    return 1 / (1 + math.exp(-steepness * (value - middle)))

"""How sure a match is, and from when on an answer is spoken: figures from questions whose answers are known.

`benchmarks/repertoire.py` asks the questions, prints precision and recall at each threshold, and the curve.
"""

import math

import numpy as np

from voicebot.meaning import Vectors

LETTERS_SHARE = 0.2  # of a score: alone they find half as many; beside the meaning, names and rare words
SECOND_SHARE = (
    0.3  # of what the second best wording says: recall at a precision of 0.9 went from 0.25 to 0.59
)
LONE_WORDING = 0.9  # what a question counts that has no second wording
FOLLOW_UP = 0.12  # what a follow-up is nearer, right after its block was answered, and farther once told
# P(right) of the best match, a logistic curve over its score.
MEANT, LETTERED = (14.0, 0.42), (11.0, 0.45)  # steepness and the score of 0.5; without vectors
SPOKEN = 0.55  # sure enough for a written answer where the alternative is a fallback
SPOKEN_FOR_MODEL = 0.8  # and where it is the small model's own words
SHOWN_TO_MODEL = 0.2  # enough to be an example for a model


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

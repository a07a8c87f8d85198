"""Patience: how long a pause has to last before a turn is over, by its sound and its words together."""

import math

from voicebot.turns.ends.wording import Wording, trails_off, wording

# A logistic model of whether a pause is the end: of the logit of Smart Turn's probability and of the words.
# By a search over the even sentences of benchmarks/pause_clips.py, which are of synthetic voices: Smart
# Turn knows people better, so what it doubts is never taken for a sure end.
BIAS, SOUND, OPEN, LEANING, TRAILS_OFF = 0.5, 0.25, -4.0, -3.0, -0.8
SURE, LIKELY = 0.6, 0.4  # probabilities of an end
LIKELY_SECS, UNLIKELY_SECS = 0.6, 1.6  # a pause lasts before a turn is over
DOUBTED, DOUBTED_SECS = 0.5, 0.7  # by Smart Turn, and how long a pause lasts then at least
LEAST = 1e-4  # of a probability: nothing is certain


def chance(sound: float, words: str) -> float:
    """How likely a pause is the end of a turn: Smart Turn's probability, and the words until it."""
    sound = min(1 - LEAST, max(LEAST, sound))
    score = BIAS + SOUND * math.log(sound / (1 - sound)) + TRAILS_OFF * trails_off(words)
    score += {Wording.OPEN: OPEN, Wording.LEANING: LEANING}.get(wording(words), 0.0)
    return 1 / (1 + math.exp(-score))


def patience_secs(sound: float, words: str) -> float:
    """How long a pause after these words lasts before the turn is over; 0: it is when it is noticed."""
    likely = chance(sound, words)
    if likely < LIKELY:
        return UNLIKELY_SECS
    secs = 0.0 if likely >= SURE else LIKELY_SECS
    return max(secs, DOUBTED_SECS) if sound <= DOUBTED else secs

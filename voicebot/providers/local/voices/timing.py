"""Word timing: when each written word is over, from when the spoken ones are.

A text is read differently from how it is written: "42" becomes two words, "Dr." another one. The words that
both have in common tie the two together; what lies between shares the time between them by its letters.
"""

from collections.abc import Mapping
from difflib import SequenceMatcher

import numpy as np

from voicebot.providers.local.phonemes import Phonemes
from voicebot.providers.speech.visemes import Timed, visemes


def encoded(words: Phonemes, vocabulary: Mapping[str, int]) -> tuple[list[int], list[int]]:
    """Phonemes as a model's ids, padded with 0 on both sides, and the number of ids up to each word's end."""
    ids, ends = [0], []
    for _, phonemes in words:
        ids += [vocabulary[phoneme] for phoneme in phonemes.rstrip() if phoneme in vocabulary]
        ends.append(len(ids))
        ids += [vocabulary[" "]] * phonemes.endswith(" ")
    return [*ids[: ends[-1] if ends else 1], 0], ends


def spoken_ends(
    words: Phonemes, ends: list[int], durations: np.ndarray, unit_samples: int
) -> list[tuple[str, int]]:
    """The sample at which each spoken word ends, from the duration of each id."""
    at = np.cumsum(durations) * unit_samples
    return [(word, int(at[end - 1])) for (word, _), end in zip(words, ends, strict=True)]


def mouth(
    ids: list[int], vocabulary: Mapping[str, int], durations: np.ndarray, unit_samples: int
) -> list[Timed]:
    """The visemes of a model's ids, each with the sample at which it begins, from the duration of each id."""
    phonemes = {number: phoneme for phoneme, number in vocabulary.items()} | {0: "."}  # padding is a pause
    begins = (np.cumsum(durations) - durations) * unit_samples
    return visemes((phonemes[number], float(begin)) for number, begin in zip(ids, begins, strict=True))


def _key(word: str) -> str:
    return "".join(character for character in word.casefold() if character.isalnum())


def _shared(words: list[str], begin: float, end: float) -> list[float]:
    """Ends of words that fill the time from `begin` to `end` together, in proportion to their letters."""
    if not words:
        return []
    lengths = np.cumsum([len(word) + 1 for word in words])
    return [begin + (end - begin) * length / lengths[-1] for length in lengths]


def written_ends(written: list[str], spoken: list[tuple[str, int]], total: int) -> list[tuple[str, int]]:
    """When the words of a text are over, in samples, the last one with the last that is spoken."""
    if not spoken:
        return [(word, round(end)) for word, end in zip(written, _shared(written, 0, total), strict=True)]
    matcher = SequenceMatcher(
        a=[_key(word) for word in written], b=[_key(word) for word, _ in spoken], autojunk=False
    )
    ends: list[float] = []
    for kind, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        begin = spoken[b_from - 1][1] if b_from else 0
        end = spoken[b_to - 1][1] if b_to else begin
        if kind == "equal":
            ends += [end for _, end in spoken[b_from:b_to]]
        elif kind == "insert":  # spoken and not written: it belongs to the word before
            ends[-1:] = [end] if ends else []
        else:
            ends += _shared(written[a_from:a_to], begin, end)
    return [(word, round(end)) for word, end in zip(written, ends, strict=True)]

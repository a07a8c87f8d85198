"""Lexical similarity: TF-IDF over n-grams of letters, which forgives endings and misheard letters.

Works in every script without word lists. Salton and Buckley 1988 for the weights; the cosine is 0 to 1.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_WORDS = re.compile(r"[^\W_]+")
_IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
LETTERS = 4  # of an n-gram where a script has an alphabet
TEXT_CHARACTERS = 400


def grams(text: str) -> Counter[str]:
    """The n-grams of a text: whole short words and pieces of long ones; of ideographs, ones and pairs."""
    found: Counter[str] = Counter()
    plain = unicodedata.normalize("NFKC", text[:TEXT_CHARACTERS]).casefold().replace("'", "").replace("’", "")  # noqa: RUF001
    for word in _WORDS.findall(plain):
        if _IDEOGRAPH.search(word):
            found.update(word)
            found.update(word[at : at + 2] for at in range(len(word) - 1))
        else:
            edged = f" {word} "
            found[edged] += 1
            found.update(edged[at : at + LETTERS] for at in range(max(0, len(edged) - LETTERS + 1)))
    return found


class LexicalIndex:
    """Finds which of the `texts` share the most telling pieces with a question."""

    def __init__(self, texts: Sequence[str]):
        counted = [grams(text) for text in texts]
        spread = Counter(gram for one in counted for gram in one)
        self._count = len(texts)
        self._weight = {gram: math.log((1 + self._count) / (1 + n)) + 1 for gram, n in spread.items()}
        self._rare = math.log(1 + self._count) + 1  # of what is in none of them
        postings: dict[str, list[tuple[int, float]]] = {}
        for number, one in enumerate(counted):
            weights = {gram: (1 + math.log(times)) * self._weight[gram] for gram, times in one.items()}
            length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
            for gram, weight in weights.items():
                postings.setdefault(gram, []).append((number, weight / length))
        self._postings = {
            gram: (np.array([at for at, _ in pairs]), np.array([weight for _, weight in pairs], np.float32))
            for gram, pairs in postings.items()
        }

    def similarity(self, question: str) -> npt.NDArray[np.float32]:
        """The cosine of each text with the question, 0 to 1."""
        scores = np.zeros(self._count, np.float32)
        counted = grams(question)
        total = 0.0
        for gram, times in counted.items():
            weight = (1 + math.log(times)) * self._weight.get(gram, self._rare)
            total += weight * weight
            if gram in self._postings:
                numbers, weights = self._postings[gram]
                scores[numbers] += weight * weights
        return scores / np.float32(math.sqrt(total) or 1.0)

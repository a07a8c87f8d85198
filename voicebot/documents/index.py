"""Document index: the pieces of a character's documents in memory, searched by meaning."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from voicebot.documents.vectors import COMMON_WEIGHT, Bytes, common
from voicebot.meaning import Vectors

ROWS = 512  # that are looked at between two breaths: half a megabyte as floats stays in a core's cache
UNRELATED = 0.3  # what has nothing to do with a question comes to 0.12, seldom 0.28; what answers it to 0.5


class Passage(NamedTuple):
    """A piece as it is quoted."""

    document: str  # its title
    heading: str
    text: str


class Hit(NamedTuple):
    passage: Passage
    score: float  # a cosine, see UNRELATED


class DocumentIndex:
    """Passages with a vector each. Never changed."""

    def __init__(self, passages: Sequence[Passage], rows: Bytes):
        self._passages, self._rows = passages, rows
        lengths = self._each(lambda part: np.linalg.norm(part, axis=1))
        self._scale: Any = np.float32(1) / np.maximum(
            lengths, np.float32(1e-9)
        )  # of each row, to unit length
        total = np.zeros(rows.shape[1], np.float32)
        for at in range(0, len(rows), ROWS):
            total += self._scale[at : at + ROWS] @ rows[at : at + ROWS].astype(np.float32)
        self._mean = (total + COMMON_WEIGHT * common()) / (len(passages) + COMMON_WEIGHT)
        shared = self._each(lambda part: part @ self._mean) * self._scale
        apart = 1 - 2 * shared + float(self._mean @ self._mean)  # |row - mean|², rows being of unit length
        self._nearer = 1 / np.sqrt(np.maximum(apart, 1e-6))

    def __len__(self) -> int:
        return len(self._passages)

    def _each(self, work: Callable[[Vectors], Any]) -> Vectors:
        """A number for each row, a few hundred rows at a time."""
        found = np.empty(len(self._rows), np.float32)
        for at in range(0, len(self._rows), ROWS):
            found[at : at + ROWS] = work(self._rows[at : at + ROWS].astype(np.float32))
        return found

    def scores(self, question: Vectors) -> Vectors:
        """The likeness of each passage to a question."""
        asked = question - self._mean
        asked = asked / max(float(np.linalg.norm(asked)), 1e-9)
        cosines = self._each(lambda part: part @ asked) * self._scale
        return np.asarray((cosines - float(self._mean @ asked)) * self._nearer, np.float32)

    def search(self, question: Vectors, most: int) -> list[Hit]:
        """What answers a question, the nearest first; nothing of what has nothing to do with it."""
        if not self._passages:
            return []
        scores = self.scores(question)
        most = min(most, len(scores))
        best = np.argpartition(-scores, most - 1)[:most]
        best = best[np.argsort(-scores[best])]
        return [Hit(self._passages[at], float(scores[at])) for at in best if scores[at] >= UNRELATED]

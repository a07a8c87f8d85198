"""Recall: which of what is remembered matters at a turn, by words, and by meaning where there is an engine.

All that is needed is in memory; a turn waits for the vector of its question, no longer than `WITHIN_SECS`.
"""

import re
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import numpy as np

from characters.text import token_estimate
from sessions_app.memories import Recollection
from voicebot.meaning import LexicalIndex
from voicebot.memories.telling import is_due

RECALLED = 6  # of one turn
RECALLED_TOKENS = 160
QUOTES_TOKENS = 2  # around each
WITHIN_SECS = 0.02
# Cosines of multilingual-e5 lie close together: what has nothing to do with a question is at 0.75 to 0.78.
UNRELATED = 0.78
NAME_SCORE, DUE_SCORE, SURE_SHARE = 1.0, 0.3, 0.2
LAST_TURNS = 2  # of the visitor's, whose words are looked at
# The end of the last one is read for its meaning: 17 ms, and twice that for twice as much.
QUESTION_CHARACTERS = 80
_SPACES = re.compile(r"\s+")


class Embeds(Protocol):
    """What is used of `voicebot.meaning.SentenceEmbeddings`."""

    def of_question(self, text: str) -> Future[Any]: ...

    def of_passage(self, text: str) -> Future[Any]: ...


@dataclass(frozen=True)
class Recall:
    """What is remembered, ready to be searched. Never changed: whatever changes makes another one."""

    known: Sequence[Recollection] = ()
    _index: LexicalIndex | None = field(default=None, repr=False)
    _vectors: Any = field(default=None, repr=False)
    _lacking: Any = field(default=None, repr=False)

    @classmethod
    def of(cls, known: Sequence[Recollection]) -> "Recall":
        if not known:
            return cls()
        size = max((len(memory.vector) // 2 for memory in known), default=0)
        vectors = np.zeros((len(known), size), np.float32)
        for row, memory in enumerate(known):
            if memory.vector and len(memory.vector) == 2 * size:
                vectors[row] = np.frombuffer(memory.vector, "<f2")
        index = LexicalIndex([memory.text for memory in known])
        return cls(tuple(known), index, vectors, ~vectors.any(axis=1))

    @property
    def must_choose(self) -> bool:
        """Whether there is more than one turn takes in."""
        return len(self.known) > RECALLED

    def matter(
        self,
        said: Sequence[str],
        today: date,
        embeddings: Embeds | None = None,
        within_secs: float = WITHIN_SECS,
    ) -> list[Recollection]:
        """The memories that matter after what the visitor has `said` last, the most telling first."""
        if not self.known:
            return []
        few = len(self.known) <= RECALLED  # all of them, then: no question has to be read for that
        scores = np.zeros(len(self.known), np.float32) if few else self._scores(said, embeddings, within_secs)
        for row, memory in enumerate(self.known):
            scores[row] *= 1 - SURE_SHARE * (1 - memory.finding.confidence)
            if memory.finding.kind == "name":
                scores[row] += NAME_SCORE
            elif is_due(memory, today):
                scores[row] += DUE_SCORE
        found, room = [], RECALLED_TOKENS
        for row in sorted(range(len(self.known)), key=lambda row: -scores[row])[:RECALLED]:
            room -= token_estimate.estimate(self.known[row].text) + QUOTES_TOKENS
            if room < 0 or (not few and scores[row] <= 0):
                break
            found.append(self.known[row])
        return found

    def _scores(self, said: Sequence[str], embeddings: Embeds | None, within_secs: float) -> Any:
        """0 for what has nothing to do with it, up to about 1."""
        words = _SPACES.sub(" ", " ".join(said[-LAST_TURNS:]))
        if not words.strip() or self._index is None:
            return np.zeros(len(self.known), np.float32)
        by_words = self._index.similarity(words)
        if embeddings is None or self._lacking.all():
            return by_words
        asked = embeddings.of_question(said[-1].strip()[-QUESTION_CHARACTERS:])
        try:
            question = asked.result(within_secs)
        except Exception:  # too late, or no engine here
            asked.cancel()  # nobody waits for it: the next question is not to wait behind it
            return by_words
        cosine = self._vectors @ np.asarray(question, np.float32)
        by_meaning = np.clip((cosine - UNRELATED) / (1 - UNRELATED) * 2, 0, 1)
        return np.where(self._lacking, by_words, np.maximum(by_meaning, by_words * (cosine > UNRELATED)))

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
from voicebot.meaning import Embeds as ReadsQuestions
from voicebot.meaning import LexicalIndex, meaning_in_time, question_in
from voicebot.memories.telling import is_due

RECALLED = 6  # of one turn
RECALLED_TOKENS = 160
QUOTES_TOKENS = 2  # around each
WITHIN_SECS = 0.02
# Vectors of multilingual-e5 crowd together: what all memories have in common is taken out first, as Mu and
# Viswanath 2018 ("All-but-the-Top") do. What has nothing to do with a question is about 0 then.
UNRELATED = 0.05
WORDS_SHARE = 0.2  # of what they have in common by letters, beside the meaning
NAME_SCORE, DUE_SCORE, SURE_SHARE = 1.0, 0.3, 0.2
LAST_TURNS = 2  # of the visitor's, whose words are looked at
_SPACES = re.compile(r"\s+")


class Embeds(ReadsQuestions, Protocol):
    """What is used of `voicebot.meaning.SentenceEmbeddings`."""

    def of_passage(self, text: str) -> Future[Any]: ...


@dataclass(frozen=True)
class Recall:
    """What is remembered, ready to be searched. Never changed: whatever changes makes another one."""

    known: Sequence[Recollection] = ()
    _index: LexicalIndex | None = field(default=None, repr=False)
    _vectors: Any = field(default=None, repr=False)
    _mean: Any = field(default=None, repr=False)
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
        lacking = ~vectors.any(axis=1)
        mean = vectors[~lacking].mean(axis=0) if not lacking.all() else np.zeros(size, np.float32)
        return cls(tuple(known), index, _unit(vectors - mean), mean, lacking)

    @property
    def must_choose(self) -> bool:
        """Whether there is more than one turn takes in."""
        return len(self.known) > RECALLED

    @property
    def searches(self) -> bool:
        """Whether a turn's question is read for its meaning."""
        return self.must_choose and not self._lacking.all()

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
        question = meaning_in_time(embeddings, question_in(said[-1]), within_secs)
        if question is None:
            return by_words
        cosine = self._vectors @ _unit(np.asarray(question, np.float32) - self._mean)
        by_meaning = np.clip((cosine - UNRELATED) * 2, 0, 1)
        return np.where(self._lacking, by_words, by_meaning + WORDS_SHARE * by_words)


def _unit(vectors: Any) -> Any:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)

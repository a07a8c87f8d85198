"""The index of a lorebook: entries that fire by meaning, each as one vector, and how near they are.

Vectors of multilingual-e5 crowd together: what all sentences have in common is taken out of them first, then
what an entry has in common with the others of its book. Without vectors it goes by letters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from characters.lore import Entry, Nearness
from characters.text import scannable
from voicebot.lore import certainty
from voicebot.meaning import LexicalIndex, Vectors


def text_of(entry: Entry) -> str:
    """What an entry is about, with its keys."""
    keys = ", ".join(key for key in entry.keys if not key.startswith("/"))
    title = "" if entry.title in (keys, *entry.keys) else f"{entry.title}: "
    return f"{title}{scannable(entry.content)} {keys}".strip()


@dataclass(frozen=True)
class Background:
    """Sentences about nothing in particular: what is read of them once, for all books."""

    passages: Vectors  # without their mean, of unit length
    passage: Vectors  # the mean of the passages
    question: Vectors  # and of the same as questions

    @classmethod
    def of(cls, passages: Vectors, questions: Vectors) -> "Background":
        mean = passages.mean(axis=0)
        return cls(_unit(passages - mean), mean, questions.mean(axis=0))


class LoreIndex:
    """Of the entries of one book that fire by meaning; `take` gives it their vectors."""

    def __init__(self, entries: Sequence[Entry]):
        self.texts = [text_of(entry) for entry in entries]
        self._numbers = [entry.number for entry in entries]
        # Beside the sentences, so that words which everybody says tell little.
        self._lexical = LexicalIndex([*self.texts, *certainty.SENTENCES])
        self._known: tuple[Vectors, Background] | None = None

    @property
    def by_meaning(self) -> bool:
        return self._known is not None

    def take(self, passages: Vectors, background: Background) -> None:
        self._known = _unit(passages - background.passage), background

    def near(self, words: str, vector: Vectors | None = None) -> Mapping[int, Nearness]:
        """How near each entry is, by its number; by letters where the words' `vector` is not known."""
        if vector is None or self._known is None:
            scores = self._lexical.similarity(words)[: len(self.texts)]
            return self._told(scores, by_meaning=False)
        own, background = self._known
        question = _unit((vector - background.question)[None, :])[0]
        near = own @ question
        common = np.sort(background.passages @ question)[-certainty.NEAREST :].mean()
        others = near.sum() - near + certainty.NOBODYS * common
        return self._told(near - others / (len(near) - 1 + certainty.NOBODYS), by_meaning=True)

    def _told(self, scores: Vectors, *, by_meaning: bool) -> Mapping[int, Nearness]:
        return {
            number: Nearness(certainty.sure(float(score), by_meaning=by_meaning), by_meaning)
            for number, score in zip(self._numbers, scores, strict=True)
        }


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)

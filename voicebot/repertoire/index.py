"""Repertoire index: which written exchange answers a question, by meaning and by letters, and how surely.

Vectors of this family crowd together (0.78 to 0.95 for any two sentences): what all questions of a character
have in common is taken out of them first, as Mu and Viswanath 2018 ("All-but-the-Top") do.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from characters import prompts
from characters.spec import CharacterSpec
from voicebot.meaning import LexicalIndex, Vectors
from voicebot.repertoire import certainty

MOST_MATCHES = 5
SOMEBODY, SOMEBODY_ZH = "Robin", "小林"  # for {{user}} in a question: a name like any other
_MACRO = re.compile(r"\{\{([^{}]*)\}\}")
_MARKS = re.compile(r"[\W_]+")

Places = npt.NDArray[np.intp]  # of questions


@dataclass(frozen=True, slots=True)
class Match:
    """A written exchange that may answer: its number, the wording that came nearest, and how sure that is.

    `sure` is the share of such matches that were right on questions whose answers are known, 0 to 1.
    """

    exchange: int
    question: str
    sure: float
    follows_up: bool = False


def as_asked(spec: CharacterSpec, written: str) -> str:
    """A written question as a visitor would say it."""

    somebody = SOMEBODY_ZH if spec.language.startswith("zh") else SOMEBODY

    def said(macro: re.Match[str]) -> str:
        name = macro[1].strip().lower()
        return somebody if name == "user" else spec.spoken_name if name == "char" else ""

    return _MACRO.sub(said, written).strip()


def questions_of(spec: CharacterSpec) -> list[tuple[int, str]]:
    """All wordings of a character's exchanges that can be answered, each with the exchange's number."""
    return [
        (number, asked)
        for number, exchange in enumerate(prompts.repertoire_of(spec).exchanges)
        if exchange.answers
        for written in exchange.questions
        if (asked := as_asked(spec, written))
    ]


class RepertoireIndex:
    """Of one character. Without vectors it goes by letters; `take_vectors` gives it its questions'."""

    def __init__(self, spec: CharacterSpec):
        self.repertoire = prompts.repertoire_of(spec)
        asked = questions_of(spec)
        self.questions = [words for _, words in asked]
        self._plain = [_MARKS.sub("", words).casefold() for words in self.questions]
        self._numbers = np.array([number for number, _ in asked], np.intp)
        # The places of each exchange's questions: they stand side by side.
        borders = np.flatnonzero(np.diff(self._numbers)) + 1
        self._wordings = np.split(np.arange(len(asked)), borders) if asked else []
        self._lexical = LexicalIndex(self.questions)
        self._vectors: tuple[Vectors, Vectors] | None = None  # without their mean, and the mean

    def __bool__(self) -> bool:
        return bool(self.questions)

    @property
    def by_meaning(self) -> bool:
        return self._vectors is not None

    def take_vectors(self, vectors: Vectors) -> None:
        mean = vectors.mean(axis=0)
        self._vectors = _unit(vectors - mean), mean

    def matches(
        self, question: str, vector: Vectors | None = None, *, last: int | None = None
    ) -> list[Match]:
        """The exchanges that fit best, the surest first; `last` is the exchange that was answered last.

        A follow-up is found only if its block was answered last: before others if it comes after the last
        answer, behind them if it has had its turn. A wording that several share is the next one's.
        """
        if not self.questions:
            return []
        meant = self._similarity(vector)
        score = certainty.score(self._lexical.similarity(question), meant)
        found: list[tuple[float, int]] = []
        for wordings, nearer in self._open(last):
            ranked = wordings[np.argsort(-score[wordings])]
            found.append((certainty.agreed(score[ranked]) + nearer, int(ranked[0])))
        found.sort(reverse=True)
        return [
            Match(
                int(self._numbers[at]),
                self.questions[at],
                certainty.sure(value, by_meaning=meant is not None),
                self._exchange_of(at).follows is not None,
            )
            for value, at in found[:MOST_MATCHES]
        ]

    def _open(self, last: int | None) -> Iterator[tuple[Places, float]]:
        """Each exchange that can be answered now: the places of its questions, and how much nearer it is."""
        block = self._block_of(last)
        taken: set[str] = set()  # wordings of the follow-ups that come before
        for wordings in self._wordings:
            follows = self._exchange_of(wordings[0]).follows
            if follows is None:
                yield wordings, 0.0
            elif last is not None and follows == block:
                if self._numbers[wordings[0]] <= last:
                    yield wordings, -certainty.FOLLOW_UP
                elif own := [at for at in wordings if self._plain[at] not in taken]:
                    taken.update(self._plain[at] for at in own)
                    yield np.array(own, np.intp), certainty.FOLLOW_UP

    def _exchange_of(self, at: int) -> prompts.Exchange:
        """The exchange of a question."""
        return self.repertoire.exchanges[int(self._numbers[at])]

    def centred(self, vectors: Vectors) -> Vectors:
        """Vectors of other texts, comparable by their products as this character's questions are."""
        return _unit(vectors - self._vectors[1]) if self._vectors else _unit(vectors)

    def _similarity(self, vector: Vectors | None) -> Vectors | None:
        if vector is None or self._vectors is None:
            return None
        own, mean = self._vectors
        return own @ _unit((vector - mean)[None, :])[0]

    def _block_of(self, number: int | None) -> int | None:
        """The block that an exchange is in, by the number of its first."""
        if number is None or not 0 <= number < len(self.repertoire.exchanges):
            return None
        first = self.repertoire.exchanges[number].follows
        return number if first is None else first


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)

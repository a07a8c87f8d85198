"""Written answers, known again among what was said: which exchange a turn of the character was taken from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from characters import prompts
from voicebot.repertoire.house_words import leads, no_more_of, nothing_fits_of
from voicebot.repertoire.index import Match
from voicebot.repertoire.personal import Asked, asked_of_self
from voicebot.repertoire.said_again import CommonWords

MACRO = re.compile(r"\{\{[^{}]*\}\}")
LETTERS = re.compile(r"[\W_]+")
HEARD_LETTERS = 8  # of an answer that was cut off, by which it is known again


class Source(Enum):
    """What an answer is taken from."""

    WRITTEN = "written"  # an exchange that fits
    TOLD = "told"  # what the visitor has told of themselves
    FALLBACK = "fallback"  # what is written for when nothing fits
    HOUSE = "house"  # nothing is written


@dataclass(frozen=True, slots=True)
class Answer:
    """What is spoken, and where it comes from. Its repr shows no words."""

    text: str
    source: Source
    match: Match | None = None

    def __repr__(self) -> str:
        return f"<Answer {self.source.value}>"


def plain(text: str) -> str:
    """The letters of a text, by which it is known again."""
    return LETTERS.sub("", text).casefold()


class WrittenAnswers:
    """A repertoire's answers, found again among what was said. Made once for a version."""

    def __init__(self, repertoire: prompts.Repertoire):
        self.repertoire = repertoire
        self._exact: dict[str, int] = {}
        self._open: list[tuple[re.Pattern[str], int]] = []  # those with macros in them
        self._begin: list[tuple[str, int]] = []
        self.common = CommonWords(answer for one in repertoire.exchanges for answer in one.answers)
        self._personal: dict[str, list[int]] = {}  # exchanges by what visitors ask of themselves in them
        self._asked: dict[int, Asked] = {}
        for number, exchange in enumerate(repertoire.exchanges):
            if exchange.follows is None and (
                asked := next(filter(None, map(asked_of_self, exchange.questions)), None)
            ):
                self._personal.setdefault(asked.kind, []).append(number)
                self._asked[number] = asked
            for template in exchange.answers:
                begin, *rest = map(plain, MACRO.split(template))
                self._begin.append((begin, number))
                if rest:
                    shape = ".*".join(re.escape(piece) for piece in (begin, *rest))
                    self._open.append((re.compile(shape), number))
                else:
                    self._exact.setdefault(begin, number)

    def exchange_of(self, text: str) -> int | None:
        """The exchange that a turn of the character was taken from; of one cut off, by what was heard."""
        heard = plain(without_lead(text))
        if not heard:
            return None
        if (number := self._exact.get(heard)) is not None:
            return number
        for shape, number in self._open:
            if shape.fullmatch(heard):
                return number
        begun = {number for begin, number in self._begin if begin.startswith(heard)}
        return begun.pop() if len(heard) >= HEARD_LETTERS and len(begun) == 1 else None

    def asked_in(self, number: int) -> Asked | None:
        """What visitors ask of themselves in an exchange."""
        return self._asked.get(number)

    def personal(self, kind: str) -> tuple[str, ...]:
        """What is written for visitors who ask this of themselves."""
        numbers = self._personal.get(kind, ())
        return tuple(answer for number in numbers for answer in self.repertoire.exchanges[number].answers)

    def is_fallback(self, text: str) -> bool:
        """Whether a turn of the character is what is said when nothing fits."""
        heard = plain(text)
        written = (*self.repertoire.fallbacks, *nothing_fits_of("*"), *no_more_of("*"))
        return any(shape_of(template).fullmatch(heard) for template in written)

    def is_written(self, text: str) -> bool:
        """Whether a turn of the character is words of its editors, or the house's."""
        return self.exchange_of(text) is not None or self.is_fallback(text)

    def last(self, said: Sequence[str]) -> int | None:
        """The exchange whose answer was the character's last turn."""
        return self.exchange_of(said[-1]) if said else None


def without_lead(text: str) -> str:
    text = text.removesuffix("—").strip()
    return next((text[len(lead) :] for lead in leads() if text.startswith(lead)), text)


def shape_of(template: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(plain(piece)) for piece in MACRO.split(template)))

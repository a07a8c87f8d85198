"""Written answers: which was spoken last, and which is spoken next. All follows from what was said.

So another process, after a lost connection, goes on in the same place, and a guess that nobody hears leaves
no trace.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from characters import prompts
from voicebot.repertoire.follow_ups import FollowUp, anywhere, in_block
from voicebot.repertoire.honesty import HONEST, asks_whether_machine
from voicebot.repertoire.house_words import leads, no_more_of, nothing_fits_of, said_of
from voicebot.repertoire.index import Match
from voicebot.repertoire.personal import Asked, asked_of_self, known_lines, unknown_lines
from voicebot.repertoire.said_again import CommonWords, after, leads_for

MACRO = re.compile(r"\{\{[^{}]*\}\}")
# The visitor's name with the comma that goes with it: “Well, {{user}}, yes.”, “{{user}}, come in.”
COMMA, ENDS = "[,\uff0c]", "[,.!?\uff0c\u3002\uff01\uff1f]"
USER = re.compile(r"\{\{\s*user\s*\}\}", re.IGNORECASE)
TOLD, TOLD_CLAUSE = (
    re.compile(r"\{\{\s*told\b", re.IGNORECASE),
    re.compile(r"\{\{\s*told\s*\}\}", re.IGNORECASE),
)
NAME = re.compile(rf"{COMMA}?\s*{USER.pattern}(?=\s*{ENDS})|{USER.pattern}\s*{COMMA}\s*", re.IGNORECASE)
LETTERS = re.compile(r"[\W_]+")
TOLD_TURNS = 30  # of the character's, in which a follow-up counts as told
NEVER = 1_000_000  # turns ago
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


def without_name(template: str) -> str:
    """An answer for a visitor whose name is not known."""
    said = USER.sub("", NAME.sub("", template)).lstrip(" ,.\uff0c\u3002").rstrip()
    return said[:1].upper() + said[1:]


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
        heard = plain(_without_lead(text))
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
        return any(_shape(template).fullmatch(heard) for template in written)

    def is_written(self, text: str) -> bool:
        """Whether a turn of the character is words of its editors, or the house's."""
        return self.exchange_of(text) is not None or self.is_fallback(text)

    def last(self, said: Sequence[str]) -> int | None:
        """The exchange whose answer was the character's last turn."""
        return self.exchange_of(said[-1]) if said else None


def _without_lead(text: str) -> str:
    text = text.removesuffix("—").strip()
    return next((text[len(lead) :] for lead in leads() if text.startswith(lead)), text)


def _shape(template: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(plain(piece)) for piece in MACRO.split(template)))


@dataclass(frozen=True)
class Chooser:
    """Chooses words for one turn: `said` are the character's turns, oldest first, `fill` fills in macros.

    Which of several is the first depends on the `seed`, so that visitors hear different ones.
    """

    answers: WrittenAnswers
    said: Sequence[str]
    fill: Callable[[str], str]
    named: bool = True  # the visitor's name is known
    language: str = "en"  # that the visitor speaks now
    main_language: str = "en"  # what editors wrote is in it
    seed: str = ""

    def written(self, matches: Sequence[Match], at_least: float) -> Answer | None:
        """The answer of the surest match, if that is sure enough: the one that was spoken least lately.

        If all of them were spoken before, it is said with a few words before it.
        """
        if not matches or matches[0].sure < at_least:
            return None
        answers = self.answers.repertoire.exchanges[matches[0].exchange].answers
        templates = tuple(one for one in answers if not TOLD.search(one))  # which `told_back` says
        if not self.named and (nameless := [one for one in templates if not USER.search(one)]):
            templates = tuple(nameless)
        template, ago = self._least_lately(templates)
        text = self._filled(template)
        if text and ago:
            text = self._again(text, named_first=template.lstrip().startswith("{{"))
        return Answer(text, Source.WRITTEN, matches[0]) if text else None

    def honest(self) -> Answer:
        """To whoever asks whether a machine is there: what is written for it, or else the house's words."""
        for number, exchange in enumerate(self.answers.repertoire.exchanges):
            if not exchange.answers or exchange.follows is not None:
                continue
            asking = next(filter(asks_whether_machine, exchange.questions), None)
            if asking and (found := self.written([Match(number, asking, 1.0)], 0.0)):
                return found
        honest = HONEST.get(self.language.split("-", maxsplit=1)[0].lower(), HONEST["en"])
        return Answer(self._least_lately(honest)[0], Source.HOUSE, Match(-1, "", 1.0))

    def followed(self, kind: FollowUp) -> Answer | None:
        """To “And then?” and its kin: what is written after the last answer, or for such words anywhere."""
        if kind is FollowUp.AGAIN:
            return self._said_again()
        exchanges, last = self.answers.repertoire.exchanges, self.answers.last(self.said)
        told = set(map(self.answers.exchange_of, self.said[-TOLD_TURNS:]))
        if last is not None:
            number = in_block(kind, exchanges, last, (one for one in told if one is not None))
            if number is None and kind is FollowUp.ANOTHER and self._has_another(last):
                number = last
            if number is not None:
                return self.written([Match(number, "", 1.0, follows_up=True)], 0.0)
        number = anywhere(kind, exchanges)
        return None if number is None else self.written([Match(number, "", 1.0)], 0.0)

    def _has_another(self, number: int) -> bool:
        return any(not self._since(one) for one in self.answers.repertoire.exchanges[number].answers)

    def _said_again(self) -> Answer | None:
        """The last turn once more, with a few words before it."""
        if not self.said or not (last := _without_lead(self.said[-1])):
            return None
        leads = said_of(self.language)
        lead = self._least_used([lead for lead in leads if lead + last not in self.said] or leads)
        return Answer(lead + last, Source.HOUSE, Match(-1, "", 1.0))

    def no_more(self) -> Answer:
        """To “And then?” where nothing more is written."""
        return Answer(self._least_lately(no_more_of(self.language))[0], Source.HOUSE)

    def told_back(self, asked: Asked, *, known: bool) -> Answer:
        """To whoever asks of themselves: what they have told, in the writer's words or the house's.

        Of a writer's words those with {{told}} (or {{user}}, of a name) are for what is known, the others for
        what is not; those for “What do you know about me?” serve for whatever is known.
        """
        foreign = self.language.split("-")[0] != self.main_language.split("-")[0]
        own = () if foreign else self.answers.personal(asked.kind)
        if known:
            lines = [one for one in own if TOLD.search(one) or (asked.kind == "name" and USER.search(one))]
            general = () if foreign or asked.kind in ("name", "last") else self.answers.personal("all")
            lines = lines or [one for one in general if TOLD_CLAUSE.search(one)]
            lines = lines or list(known_lines(self.language, asked.kind))
        else:
            lines = [one for one in own if not TOLD.search(one) and not USER.search(one)]
            lines = lines or list(unknown_lines(self.language, asked.kind))
        template, ago = self._least_lately(lines)
        text = self._filled(template)
        if known and ago:
            text = self._again(text, named_first=template.lstrip().startswith("{{"))
        return Answer(text, Source.TOLD, Match(-1, "", 1.0))

    def fallback(self) -> Answer:
        """What is said when nothing fits: written, or else the house's words."""
        if written := self.answers.repertoire.fallbacks:
            return Answer(self._filled(self._least_lately(written)[0]), Source.FALLBACK)
        return Answer(self._least_lately(nothing_fits_of(self.language))[0], Source.HOUSE)

    def _again(self, answer: str, *, named_first: bool) -> str:
        """What was said already, with a few words before it."""
        leads = leads_for(answer, self.language, self.answers.common, named_first=named_first)
        fresh = [lead for lead in leads if after(lead, answer) not in self.said]
        return after(self._least_used(fresh or leads), answer)

    def _least_used(self, words: Sequence[str]) -> str:
        """Of several beginnings the one that was used the longest ago."""
        newest_first = list(reversed(self.said))

        def since(lead: str) -> int:
            return next(
                (ago for ago, text in enumerate(newest_first) if text.startswith(lead)), len(self.said)
            )

        return max(words, key=since)

    def _filled(self, template: str) -> str:
        return self.fill(template if self.named else without_name(template))

    def _least_lately(self, templates: Sequence[str]) -> tuple[str, int]:
        """Of several the one that was said the longest ago, and how many turns ago that was: 0 for never."""
        since = {template: self._since(template) for template in templates}
        return max(since.items(), key=lambda item: (item[1] or NEVER, self._draw(item[0])), default=("", 0))

    def _since(self, template: str) -> int:
        shape = _shape(template)
        for ago, text in enumerate(self._newest_first, 1):
            if shape.fullmatch(text) or (len(text) >= HEARD_LETTERS and shape.pattern.startswith(text)):
                return ago
        return 0

    @cached_property
    def _newest_first(self) -> list[str]:
        return [plain(_without_lead(text)) for text in reversed(self.said)]

    def _draw(self, template: str) -> bytes:
        return hashlib.sha256(f"{self.seed}\0{template}".encode()).digest()

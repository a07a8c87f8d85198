"""Choosing: which written answer is spoken next. All follows from what was said.

So another process, after a lost connection, goes on in the same place, and a guess that nobody hears leaves
no trace.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from voicebot.repertoire.answers import (
    HEARD_LETTERS,
    Answer,
    Source,
    WrittenAnswers,
    plain,
    shape_of,
    without_lead,
)
from voicebot.repertoire.follow_ups import FollowUp, anywhere, in_block
from voicebot.repertoire.honesty import HONEST, asks_whether_machine
from voicebot.repertoire.house_words import no_more_of, nothing_fits_of, said_of
from voicebot.repertoire.index import Match
from voicebot.repertoire.personal import Asked, known_lines, noted_lines, unknown_lines
from voicebot.repertoire.said_again import after, leads_for

# The visitor's name with the comma that goes with it: “Well, {{user}}, yes.”, “{{user}}, come in.”
COMMA, ENDS = "[,\uff0c]", "[,.!?\uff0c\u3002\uff01\uff1f]"
USER = re.compile(r"\{\{\s*user\s*\}\}", re.IGNORECASE)
TOLD, TOLD_CLAUSE = (
    re.compile(r"\{\{\s*told\b", re.IGNORECASE),
    re.compile(r"\{\{\s*told\s*\}\}", re.IGNORECASE),
)
NAME = re.compile(rf"{COMMA}?\s*{USER.pattern}(?=\s*{ENDS})|{USER.pattern}\s*{COMMA}\s*", re.IGNORECASE)
TOLD_TURNS = 30  # of the character's, in which a follow-up counts as told
ABOUT_AS_SURE = 0.15
ASKED_AGAIN = 0.8  # sure enough that the same is asked, and the same may be said
NEVER = 1_000_000  # turns ago


def without_name(template: str) -> str:
    """An answer for a visitor whose name is not known."""
    said = USER.sub("", NAME.sub("", template)).lstrip(" ,.\uff0c\u3002").rstrip()
    return said[:1].upper() + said[1:]


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

        If all of its answers were spoken before: that of a match that is about as sure, and was not; or else
        the same with a few words before it, where the visitor surely asks the same again.
        """
        if not matches or matches[0].sure < at_least:
            return None
        answer, ago = self._of_match(matches[0])
        if not answer or not ago:
            return answer
        for match in matches[1:]:
            if match.sure >= max(at_least, matches[0].sure - ABOUT_AS_SURE):
                other, said = self._of_match(match)
                if other and not said:
                    return other
        return answer if matches[0].sure >= ASKED_AGAIN or not at_least else None

    def _of_match(self, match: Match) -> tuple[Answer | None, int]:
        """What is written for a match, and how many turns ago it was spoken, 0 for never."""
        answers = self.answers.repertoire.exchanges[match.exchange].answers
        templates = tuple(one for one in answers if not TOLD.search(one))  # which `told_back` says
        if not self.named and (nameless := [one for one in templates if not USER.search(one)]):
            templates = tuple(nameless)
        template, ago = self._least_lately(templates)
        text = self._filled(template)
        if text and ago:
            text = self._again(text, named_first=template.lstrip().startswith("{{"))
        return Answer(text, Source.WRITTEN, match) if text else None, ago

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
        if not self.said or not (last := without_lead(self.said[-1])):
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
        own = () if self._foreign else self.answers.personal(asked.kind)
        if known:
            lines = [one for one in own if TOLD.search(one) or (asked.kind == "name" and USER.search(one))]
            general = () if self._foreign or asked.kind in ("name", "last") else self.answers.personal("all")
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

    def noted(self) -> Answer:
        """To a visitor who tells something of themselves that nothing is written for."""
        own = () if self._foreign else self.answers.personal("tells")
        lines = [one for one in own if TOLD.search(one)] or noted_lines(self.language)
        template, ago = self._least_lately(lines)
        text = self._filled(template)
        return Answer(self._again(text, named_first=False) if ago else text, Source.TOLD, Match(-1, "", 1.0))

    @property
    def _foreign(self) -> bool:
        """Whether the visitor speaks another language than what editors wrote."""
        return self.language.split("-")[0] != self.main_language.split("-")[0]

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
        shape = shape_of(template)
        for ago, text in enumerate(self._newest_first, 1):
            if shape.fullmatch(text) or (len(text) >= HEARD_LETTERS and shape.pattern.startswith(text)):
                return ago
        return 0

    @cached_property
    def _newest_first(self) -> list[str]:
        return [plain(without_lead(text)) for text in reversed(self.said)]

    def _draw(self, template: str) -> bytes:
        return hashlib.sha256(f"{self.seed}\0{template}".encode()).digest()

"""Drawn facts: what of a model's answer is kept of a visitor. A fact that nobody said is none."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sessions_app.memories import MEMORY_CHARACTERS, Finding, plain_words
from voicebot.memories.rules import MOST_FINDINGS, day_meant, is_sensitive, written

MOST_ANSWER = 20_000  # characters of it
LEAST_CHARACTERS = 2
NAME_WORDS, NAME_CHARACTERS = 4, 40
SURE = 0.8
LONGEST_PLAN = timedelta(days=3 * 365)
_IDEOGRAPHS = re.compile("[\u3400-\u9fff]")
_NAME = re.compile(r"[^\W\d_][\w'’·. -]*")  # noqa: RUF001
_ABOUT = re.compile(r"[a-z]{2,20}(?::[\w' -]{1,40})?")
_ONES_OWN = ("name", "plan", "note", "taste", "episode", "asked")  # subjects that are not for facts of life


class FactsUnusable(Exception):
    """It is no answer to what was asked."""


def checked(answer: str, said: Sequence[tuple[int, str]], today: date, *, sensitive: bool) -> list[Finding]:
    """The findings of an answer to turns, each with its number; what does not hold is left out.

    Raises FactsUnusable.
    """
    found: dict[str, Finding] = {}
    for fact in _facts_of(answer):
        finding = _finding(fact, said, today, sensitive=sensitive) if isinstance(fact, Mapping) else None
        if finding:
            found.setdefault(plain_words(finding.text), finding)
    return list(found.values())[: MOST_FINDINGS * max(1, len(said))]


def _facts_of(answer: str) -> Sequence[Any]:
    begins, ends = answer.find("{"), answer.rfind("}")  # models put it between words or marks
    if len(answer) > MOST_ANSWER or begins < 0:
        raise FactsUnusable
    try:
        facts = json.loads(answer[begins : ends + 1]).get("facts")
    except (ValueError, RecursionError) as error:
        raise FactsUnusable from error
    if not isinstance(facts, list):
        raise FactsUnusable
    return facts


def _words(fact: Mapping[str, Any], field: str) -> str:
    value = fact.get(field)
    text = value if isinstance(value, str) else ""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:MEMORY_CHARACTERS]


def _finding(
    fact: Mapping[str, Any], said: Sequence[tuple[int, str]], today: date, *, sensitive: bool
) -> Finding | None:
    number, kind = fact.get("turn"), fact.get("kind")
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= len(said):
        return None
    sequence, turn = said[number - 1]
    quote, text, value = (_words(fact, field) for field in ("quote", "text", "value"))
    if not _stands_in(quote, turn) or not text:
        return None
    if kind == "name":
        return _name(value, turn, sequence)
    if not sensitive and is_sensitive(f"{text} {value} {quote} {_words(fact, 'about')}"):
        return None
    if len(text) < LEAST_CHARACTERS or not _supported(text, value, turn):
        return None
    about = _words(fact, "about").lower()
    if kind == "life":
        own = _ABOUT.fullmatch(about) and about.partition(":")[0] not in _ONES_OWN
        return Finding(text, kind, about if own else "", SURE, said=sequence, value=value)
    if kind == "taste":
        return Finding(text, kind, f"taste:{value.lower()}", SURE, said=sequence, value=value)
    if kind == "plan":
        return _plan(text, value, _day(_words(fact, "day"), quote, today), sequence)
    return Finding(text, kind, "", SURE, said=sequence, value=value) if kind == "note" else None


def _stands_in(quote: str, turn: str) -> bool:
    plain = plain_words(quote)
    return bool(plain) and plain in plain_words(turn)


def _supported(text: str, value: str, turn: str) -> bool:
    """Whether the thing itself was said: the rest of a fact is the model's wording."""
    return not value or _stands_in(value, turn) or _stands_in(value.rsplit(maxsplit=1)[-1], turn)


def _name(name: str, turn: str, sequence: int) -> Finding | None:
    if not _NAME.fullmatch(name) or len(name) > NAME_CHARACTERS or len(name.split()) > NAME_WORDS:
        return None
    if not _stands_in(name, turn):
        return None
    text = f"叫{name}" if _IDEOGRAPHS.search(turn) else f"is called {name}"
    return Finding(text, "name", "name", SURE, said=sequence, value=name)


def _day(told: str, quote: str, today: date) -> date | None:
    """The day of a plan: by calendar words in the quote where there are some, else as the model has it."""
    day = day_meant(quote, today)
    try:
        day = day or date.fromisoformat(told)
    except ValueError:
        return None
    return day if timedelta(days=-1) <= day - today <= LONGEST_PLAN else None


def _plan(text: str, value: str, day: date | None, sequence: int) -> Finding:
    chinese = bool(_IDEOGRAPHS.search(text))
    when = ("（{}）" if chinese else " ({})").format(written(day, chinese=chinese)) if day else ""  # noqa: RUF001
    subject = "plan:" + " ".join((value or text).lower().split()[:3])
    due = day.isoformat() if day else ""
    words = text[: MEMORY_CHARACTERS - len(when)] + when
    return Finding(words, "plan", subject, SURE, said=sequence, due=due, value=value)

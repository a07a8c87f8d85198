"""Visitor facts: what visitors have said of themselves in this conversation, by the rules that memories have.

What is found are a visitor's words: they are kept sealed, and quoted where a model reads. The newest of a
kind holds.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from characters.text import quoted
from sessions_app.memories import Finding, is_about
from voicebot.memories import corrected_name, forget_request, said_of_self

FACTS = "facts"  # of the metadata
MOST_CHARACTERS = 60  # of one fact
_IDEOGRAPHS = re.compile("[\u3400-\u9fff]")
TURN_CHARACTERS = 1000  # of a speech, its end, in which facts are looked for
ANY_DAY = date(2000, 1, 1)  # facts have no days
NO_LIKES = re.compile(r"(?:you|to|it|that|this|the character)\b|你", re.IGNORECASE)
WORKS_AS = re.compile(r"(?:as|in|at|for)\s+", re.IGNORECASE)
LABELS = {
    "name": "their name is",
    "home": "home:",
    "work": "work:",
    "family": "family:",
    "mood": "how they feel:",
    "wish": "they wish to",
    "likes": "they like",
}
FACT_KINDS = tuple(LABELS)
# What visitors call it who wish to have it forgotten.
LABELS_ZH = {
    "name": "名字",
    "home": "家 住处",
    "work": "工作",
    "family": "家人",
    "mood": "心情",
    "wish": "愿望",
    "likes": "爱好",
}


def facts_in(words: str) -> dict[str, str]:
    """What one speech says of its speaker, by kind. Where somebody lives counts for more than where they come
    from, and a name that they give for more than one that only looks like it."""
    found: dict[str, str] = {}
    sure: dict[str, str] = {}
    for finding in said_of_self(words[-TURN_CHARACTERS:], ANY_DAY):
        if fact := _fact(finding):
            kind, value = fact
            weak = finding.subject in ("origin", "introduced")
            (found if weak else sure)[kind] = value[:MOST_CHARACTERS]
    return found | sure


def _fact(finding: Finding) -> tuple[str, str] | None:
    """A finding as a fact of the running conversation, None for what is none."""
    subject, _, about = finding.subject.partition(":")
    value = finding.value
    match finding.kind, subject:
        case ("name", _) | ("introduced", _):
            return "name", value
        case (_, "home" | "origin"):
            return "home", value
        case (_, "work"):
            return "work", WORKS_AS.sub("", value, count=1)
        case ("mood" | "wish" as kind, _):
            return kind, value
        case ("kin", _):
            return "family", value
        case (_, "pet") if value != about:  # one with a name
            chinese = _IDEOGRAPHS.search(about)
            return "family", f"我的{about}叫{value}" if chinese else f"My {about} is called {value}"
        case ("taste", "taste") if finding.text.startswith(("likes ", "喜欢")) and not NO_LIKES.match(value):
            return "likes", value
    return None


def kept_facts(value: Any) -> dict[str, str]:
    """The facts in what was kept, if it is that: clients write metadata, too."""
    if not isinstance(value, Mapping):
        return {}
    return {
        kind: value[kind][:MOST_CHARACTERS]
        for kind in LABELS
        if isinstance(value.get(kind), str) and value[kind].strip()
    }


def gathered(facts: Mapping[str, str], speeches: Iterable[str]) -> dict[str, str]:
    """The facts, with those of these speeches, oldest first, and without what one of them asks to forget."""
    found = dict(facts)
    for words in speeches:
        named = forget_request(words)
        if named is None:
            found |= facts_in(words)
            if name := corrected_name(words, found.get("name", "")):
                found["name"] = name
        else:
            found = {
                kind: value for kind, value in found.items() if named and not _is_about(kind, value, named)
            }
    return found


def _is_about(kind: str, value: str, named: str) -> bool:
    finding = Finding(f"{value} {LABELS.get(kind, '')} {LABELS_ZH.get(kind, '')}", kind, kind)
    return is_about(finding, named)


def told_facts(facts: Mapping[str, str]) -> list[str]:
    """The facts as notes for a model; values are a visitor's words, in quotes."""
    return [f"{LABELS[kind]} {quoted(facts[kind], MOST_CHARACTERS)}" for kind in LABELS if facts.get(kind)]

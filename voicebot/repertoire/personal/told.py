"""What visitors have told of themselves, said back to them in the character's language.

The words stay the visitor's own; only who is meant is turned: “my boat” is your boat.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sessions_app.memories import Finding
from voicebot.memories import findings_of, forget_request
from voicebot.repertoire.personal.questions import KIN_ZH, Asked

# ruff: noqa: RUF001
MOST_CLAUSES = 3  # of one answer
MOST_OF_KIND = 3  # of what there may be many of: likes
_SWAPS = (
    (r"\bI am\b|\bI'm\b|\bthey are\b", "you are"),
    (r"\bI was\b", "you were"),
    (r"\bmyself\b|\bthemselves\b", "yourself"),
    (r"\bmy\b|\btheir\b", "your"),
    (r"\bmine\b|\btheirs\b", "yours"),
    (r"\bme\b|\bthem\b", "you"),
    (r"\bI\b|\bthey\b", "you"),
    (r"\bthe character's\b", "my"),
    (r"\bthe character\b", "me"),
)
SWAPS = [(re.compile(theirs, re.IGNORECASE), yours) for theirs, yours in _SWAPS]
# What is liked or hated so is something that was said, and no fact about somebody.
NO_NEWS = re.compile(
    r"(?:that|this|these|those|it|you|your|to|the way|him|her|them|me|how|what|when)\b|你|这|那|它|您", re.I
)
DATE = re.compile(r" \(\d{1,2} \w+ \d{4}\)$|（\d{4}年\d{1,2}月\d{1,2}日）$")
IDEOGRAPHS = re.compile("[\u3400-\u9fff]")
# By kind: what is said of a value, and of what a visitor has, {1}, of that name.
CLAUSES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "name": "your name is {0}",
        "home": "you live in {0}",
        "origin": "you come from {0}",
        "work": "you work {0}",
        "trade": "you are {0}",
        "age": "you are {0}",
        "birthday": "your birthday is on {0}",
        "favourite": "your favourite {1} is {0}",
        "kin": "your {1} is called {0}",
        "has": "you have a {1}",
        "likes": "you like {0}",
        "dislikes": "you do not like {0}",
        "mood": "you feel {0}",
        "wish": "you want to {0}",
        "plan": "you want to {0}",
        "family": "{0}",
        "note": "{0}",
    },
    "zh": {
        "name": "你叫{0}",
        "home": "你住在{0}",
        "origin": "你来自{0}",
        "work": "你的工作是{0}",
        "trade": "你是{0}",
        "age": "你今年{0}",
        "birthday": "你的生日是{0}",
        "favourite": "你最喜欢的{1}是{0}",
        "kin": "你的{1}叫{0}",
        "has": "你养了{1}",
        "likes": "你喜欢{0}",
        "dislikes": "你不喜欢{0}",
        "mood": "你觉得{0}",
        "wish": "你想{0}",
        "plan": "你打算{0}",
        "family": "{0}",
        "note": "{0}",
    },
}
AND = {"en": (", ", " and "), "zh": ("，", "，")}
OF_ALL = (
    "name",
    "home",
    "origin",
    "work",
    "trade",
    "kin",
    "has",
    "family",
    "plan",
    "wish",
    "likes",
    "mood",
    "note",
)
# Where a question of one kind is answered by another: “Where am I from?” by where they live.
KINDS = {
    "home": ("home", "origin"),
    "origin": ("origin", "home"),
    "work": ("work", "trade"),
    "kin": ("kin", "has", "family"),
    "wish": ("wish", "plan"),
    "plan": ("plan", "wish"),
    "likes": ("likes", "favourite"),
    "all": OF_ALL,
}


@dataclass(frozen=True, slots=True)
class Told:
    """One thing: its kind, the bare value, and of what it is, such as `dog`. Its repr shows no words."""

    kind: str
    value: str
    about: str = ""

    def __repr__(self) -> str:
        return f"<Told {self.kind}>"


def told_in(
    texts: Sequence[str], facts: Mapping[str, str], known: Iterable[Finding], today: date
) -> list[Told]:
    """What a visitor has told: what is `known` from earlier conversations, in these turns of this one, oldest
    first, and its `facts`. What they asked to forget is gone until they tell it again."""
    findings, kept = list(known), dict(facts)
    for text in texts:
        if (gone := forget_request(text)) is not None:
            findings = [one for one in findings if not _is_named(gone, f"{one.text} {one.subject}")]
            kept = {kind: value for kind, value in kept.items() if not _is_named(gone, f"{kind} {value}")}
        findings += findings_of(text, today, sensitive=True)  # it is in this conversation anyway
    return told_of(kept, findings)


def _is_named(named: str, words: str) -> bool:
    return all(word in words.casefold() for word in named.casefold().split())


def told_of(facts: Mapping[str, str], findings: Iterable[Finding] = ()) -> list[Told]:
    """What has been told, oldest first; of one kind and thing the last holds. `facts` are the newest."""
    found: dict[tuple[str, str], Told] = {}
    for one in [*filter(None, map(_of_finding, findings)), *_of_facts(facts)]:
        many = one.kind in ("likes", "dislikes", "plan", "note")
        key = one.kind, one.value.casefold() if many else one.about
        found.pop(key, None)
        found[key] = one
    named = {one.about for one in found.values() if one.kind == "kin"}
    return [one for one in found.values() if not (one.kind == "has" and one.about in named)]


def _of_finding(finding: Finding) -> Told | None:
    kind, _, about = finding.subject.partition(":")
    value = DATE.sub("", finding.value)
    if not value:
        return None
    if kind == "pet":
        about = KIN_ZH.get(about, about)
        return (
            Told("has", about, about) if value in (about, finding.subject[4:]) else Told("kin", value, about)
        )
    if kind == "work":
        return Told("trade" if finding.text.startswith(("is ", "是")) else "work", value)
    if kind == "taste":
        return Told("dislikes" if finding.text.startswith(("does not", "不")) else "likes", value)
    if kind in ("name", "home", "origin", "age", "birthday", "favourite", "plan"):
        return Told(kind, value, about if kind == "favourite" else "")
    return Told("note", value) if finding.kind == "note" else None


def _of_facts(facts: Mapping[str, str]) -> Iterable[Told]:
    for kind, value in facts.items():
        if kind == "family":
            if named := re.match(
                r"my (\w+)(?:'s name)? is (?:called |named )?(.+)|my (\w+) (?:is called|is named) (.+)",
                value,
                re.I,
            ):
                yield Told("kin", named[2] or named[4], (named[1] or named[3]).lower())
            else:
                yield Told("family", value)
        elif kind == "work":
            yield Told(
                "work" if re.match("(?:as|at|in|for) ", value) or IDEOGRAPHS.search(value) else "trade", value
            )
        elif kind in CLAUSES["en"]:
            yield Told(kind, value)


def turned(words: str) -> str:
    """A visitor's words as one says them back to them."""
    if IDEOGRAPHS.search(words):
        return words.replace("自己", "你").replace("我", "你")
    for theirs, yours in SWAPS:
        words = theirs.sub(yours, words)
    return words


def clause_of(told: Sequence[Told], language: str) -> str:
    """What somebody has just told, as one says it back to them; '' for nothing that one would."""
    chosen = [
        one for one in told if one.kind not in ("name", "mood", "note") and not NO_NEWS.match(one.value)
    ][:2]
    return _joined([_clause(one, turned(one.value), language) for one in chosen], language)


def answer_of(asked: Asked, told: Iterable[Told], language: str) -> tuple[str, str]:
    """What answers a question: the bare value, and a clause that says it; '' twice for nothing."""
    known = list(told)
    several: list[Told] = []
    for kind in KINDS.get(asked.kind, (asked.kind,)):
        of_kind = [one for one in known if one.kind == kind and _is_meant(asked, one)]
        several += (
            of_kind[-MOST_OF_KIND:]
            if kind in ("likes", "dislikes")
            else of_kind[-1:]
            if not asked.about
            else of_kind
        )
        if several and asked.kind != "all":
            break
    several = several[:MOST_CLAUSES]
    values = [turned(one.value) for one in several]
    if asked.kind in ("likes", "dislikes") and len({one.kind for one in several}) == 1:
        return _joined(values, language), _clause(several[0], _joined(values, language), language)
    return _joined(values, language), _joined(
        [_clause(one, turned(one.value), language) for one in several], language
    )


def _is_meant(asked: Asked, one: Told) -> bool:
    return asked.about in ("", "pet", one.about) or (one.kind == "family" and asked.about in one.value)


def _clause(one: Told, value: str, language: str) -> str:
    chinese = language.startswith("zh")
    about = next((zh for zh, en in KIN_ZH.items() if en == one.about), one.about) if chinese else one.about
    if one.kind == "work" and not chinese and not value.startswith(("as ", "at ", "in ", "for ")):
        return f"your work is {value}"
    return CLAUSES["zh" if chinese else "en"][one.kind].format(value, about)


def _joined(clauses: list[str], language: str) -> str:
    comma, last = AND["zh" if language.startswith("zh") else "en"]
    return last.join(filter(None, [comma.join(clauses[:-1]), *clauses[-1:]]))

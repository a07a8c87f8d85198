"""Version diff: what differs between two contents of a character, word by word."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from characters import content
from characters.lore import meaning, merged, rules_text
from characters.models import Character, LoreEntry

WORDS = re.compile(r"\w+\s*|[^\w\s]+\s*|\s+")
LONGEST = 20_000  # characters of one field that are compared word by word; above it goes whole


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words: `kind` is same, gone or new."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs."""

    title: str
    pieces: tuple[Piece, ...]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(map(str, value))
    if isinstance(value, dict):
        return "\n".join(f"{name}: {one}" for name, one in value.items())
    if value is None:
        return ""
    return {True: gettext("yes"), False: gettext("no")}[value] if isinstance(value, bool) else str(value)


def _pieces(old: str, new: str) -> tuple[Piece, ...]:
    if len(old) + len(new) > LONGEST:
        return tuple(piece for piece in (Piece("gone", old), Piece("new", new)) if piece.text)
    before, after = WORDS.findall(old), WORDS.findall(new)
    pieces: list[Piece] = []
    gone = new = ""
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        was, now = "".join(before[old_from:old_to]), "".join(after[new_from:new_to])
        # A lone comma between two changes belongs to them: words are compared, not punctuation.
        if kind == "equal" and (any(map(str.isalnum, now)) or not (gone or new)):
            pieces += _changed(gone, new)
            gone = new = ""
            pieces.append(Piece("same", now))
        else:
            gone, new = gone + was, new + now
    return (*pieces, *_changed(gone, new))


def _changed(gone: str, new: str) -> list[Piece]:
    """What went and what came, without what both end with."""
    ending = ""
    while gone and new and gone[-1] == new[-1] and not gone[-1].isalnum():
        ending = gone[-1] + ending
        gone, new = gone[:-1], new[:-1]
    return [p for p in (Piece("gone", gone), Piece("new", new), Piece("same", ending)) if p.text]


def _title(model: Any, name: str) -> str:
    return str(model._meta.get_field(name).verbose_name)


def _named(entries: list[dict[str, Any]]) -> list[str]:
    """What an editor calls each entry; the same name again gets a number."""
    titles: list[str] = []
    for entry in entries:
        title = entry["name"] or ", ".join(map(str, entry["keys"][:3])) or gettext("an entry")
        number, unique = 2, title
        while unique in titles:
            unique, number = f"{title} ({number})", number + 1
        titles.append(unique)
    return titles


@dataclass(frozen=True, slots=True)
class _Pair:
    """One entry as it was and as it is; empty where there is none."""

    title: str
    was: Mapping[str, Any]
    now: Mapping[str, Any]


def _pairs(earlier: list[dict[str, Any]], later: list[dict[str, Any]]) -> list[_Pair]:
    """Each entry with itself: by its `uid`; versions of before there was one, by what it is called."""
    titles_then, titles_now = _named(earlier), _named(later)
    by_uid = {entry["uid"]: at for at, entry in enumerate(earlier) if "uid" in entry}
    left = set(range(len(earlier)))
    found: list[int | None] = [by_uid.get(entry.get("uid")) for entry in later]
    for at, other in enumerate(found):
        if other is not None and other in left:
            left.discard(other)
        else:
            found[at] = None
    by_title = {titles_then[at]: at for at in left}
    for at, other in enumerate(found):
        if other is None and (same := by_title.get(titles_now[at])) is not None and same in left:
            left.discard(same)
            found[at] = same
    pairs = [
        _Pair(titles_now[at], earlier[other] if other is not None else {}, later[at])
        for at, other in enumerate(found)
    ]
    return [*pairs, *(_Pair(titles_then[at], earlier[at], {}) for at in sorted(left))]


def between(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> list[Change]:
    """The changes from `old` (None: there was nothing) to `new`, in the order of the form."""
    shared = [", ".join(book["name"] for book in (one or {}).get("books", ())) for one in (old, new)]
    documents = [
        ", ".join(document["name"] for document in (one or {}).get("documents", ())) for one in (old, new)
    ]
    before: Mapping[str, Any] = merged(old) if old else {}
    new = merged(new)
    changes = []
    if shared[0] != shared[1]:
        changes.append(Change(gettext("shared lorebooks"), _pieces(*shared)))
    if documents[0] != documents[1]:
        changes.append(Change(gettext("documents"), _pieces(*documents)))
    for name in ("avatar", *content.FIELDS):
        usual = content.LATER.get(name)
        was, now = _shown(before.get(name, usual)), _shown(new.get(name, usual))
        if name == "card":
            if was != now and old is not None:
                changes.append(Change(gettext("the rest of its card"), (Piece("same", gettext("changed")),)))
        elif was != now:
            changes.append(Change(_title(Character, name), _pieces(was, now)))
    for pair in _pairs(before.get("lore", []), new["lore"]):
        changes += _of_entry(pair)
    return changes


def _entry_title(pair: _Pair, field: str) -> str:
    return gettext("lore “%(entry)s”, %(field)s") % {"entry": pair.title, "field": field}


def _found_by(rest: str) -> str:
    found = meaning.found_by(rest)
    if not found.wanted:
        return gettext("by key words")
    percent = meaning.USUAL_PERCENT if found.percent is None else found.percent
    return gettext("also by meaning, from %(percent)s %% sure") % {"percent": percent}


def _of_entry(pair: _Pair) -> list[Change]:
    changes = []
    for name in content.LORE_FIELDS:
        was, now = _shown(pair.was.get(name)), _shown(pair.now.get(name))
        telling = name != "rest" and ((pair.was and pair.now) or name in ("keys", "content"))
        if was != now and telling:
            changes.append(Change(_entry_title(pair, _title(LoreEntry, name)), _pieces(was, now)))
    for title, shown in ((gettext("rules"), rules_text.shown), (gettext("called for"), _found_by)):
        was, now = (shown(side.get("rest", "{}")) for side in (pair.was, pair.now))
        if was != now:
            changes.append(Change(_entry_title(pair, title), _pieces(was, now)))
    return changes

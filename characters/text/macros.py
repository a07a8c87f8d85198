"""Macros in what an editor writes: V3's curly braces, the older <user> and <char>, and our metadata.

Names are found in any case. What a visitor wrote (a name, metadata) comes out quoted, so that it stays
data; what an editor wrote comes out as it is. An unknown macro is left alone.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

MACRO = re.compile(r"\{\{((?:[^{}]|\{(?!\{)|\}(?!\}))*)\}\}")
TAG = re.compile(r"<(user|char|bot)>", re.IGNORECASE)
METADATA = re.compile(r"metadata\.([A-Za-z0-9_.-]{1,80})", re.IGNORECASE)
ROUNDS = 5  # of macros within macros
VALUE_LIMIT = 200  # characters of one metadata value that may enter a prompt
GROWN = 200_000  # characters; macros within macros must not make more of a text
MOST_MACROS = 500  # that are filled in for one prompt; some 10 µs each
DEFAULT_VISITOR = "the visitor"
_COMMENT = re.compile(r"\{\{\s*(?://|comment\s*:)[^{}]*\}\}", re.IGNORECASE)
_HIDDEN_KEY = re.compile(r"\{\{\s*hidden_key\s*:([^{}]*)\}\}", re.IGNORECASE)


def quoted(value: Any, most: int = VALUE_LIMIT) -> str:
    """A visitor's value as data inside a prompt: one line, bounded, unable to pose as instructions.

    Text comes back as a JSON string whose braces, angle brackets and line breaks are gone, so that it
    neither closes its quotes, nor opens a macro, nor looks like a message of a chat template.
    """
    return json.dumps(unquoted(value, most), ensure_ascii=False)


def unquoted(value: Any, most: int = VALUE_LIMIT) -> str:
    """The same without quotes, for what is looked for in a conversation and never told to a model."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return " ".join(re.sub(r"[{}<>\[\]|`#*\x00-\x1f\x7f\u2028\u2029]", " ", text).split())[:most]


def lookup(metadata: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of the metadata, None where there is none."""
    value: Any = metadata
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


@dataclass(frozen=True)
class Macros:
    """What macros stand for in one conversation.

    `char` is the character's name in conversation, `original` what {{original}} stands for in this field.
    `seed` decides {{pick}}, the same for a whole session; `turn` besides it decides {{random}} and {{roll}}.
    `told` writes what a visitor has given.
    """

    char: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    original: str = ""
    seed: str = ""
    turn: int = 0
    told: Callable[[Any], str] = quoted
    _filled: list[int] = field(default_factory=lambda: [0], repr=False, compare=False)  # one count for all

    def expand(self, text: str) -> str:
        """`text` with its macros filled in, innermost first."""
        if "<" in text:
            text = TAG.sub(lambda tag: self._name(tag.group(1).lower()), text)
        for _ in range(ROUNDS):
            left = MOST_MACROS - self._filled[0]
            if "{{" not in text or len(text) > GROWN or left <= 0:
                break
            filled = MACRO.sub(self._fill, text, count=left)
            if filled == text:
                break
            text = filled
        return text[:GROWN]

    def _name(self, who: str) -> str:
        if who != "user":
            return self.char
        name = self.metadata.get("name")
        return self.told(name) if name not in (None, "", [], {}) else DEFAULT_VISITOR

    def _fill(self, match: re.Match[str]) -> str:
        whole, body = match.group(0), match.group(1).strip()
        self._filled[0] += 1
        name, _, value = body.partition(":")
        name = name.strip().lower()
        if body.startswith("//") or name in ("comment", "hidden_key"):
            return ""
        if name in ("user", "char", "bot"):
            return self._name(name)
        if name == "original":
            return self.original
        if path := METADATA.fullmatch(body):
            found = lookup(self.metadata, path.group(1))
            return "unknown" if found in (None, "", [], {}) else self.told(found)
        if name == "reverse":
            return value.strip()[::-1]
        if name in ("random", "pick"):
            return self._choose(value, name == "pick", whole)
        if name == "roll":
            return self._roll(value, whole)
        return whole

    def _drawn(self, place: str, sides: int, *, lasting: bool) -> int:
        """Chance, from 0 to below `sides`: the same for a session and place (and turn, unless lasting)."""
        parts = f"{self.seed}\0{place}" + ("" if lasting else f"\0{self.turn}")
        return int.from_bytes(hashlib.sha256(parts.encode("utf-8", "replace")).digest()[:16]) % sides

    def _choose(self, value: str, lasting: bool, whole: str) -> str:
        separator = "::" if "::" in value.lstrip(":") else r"(?<!\\),"  # the older form is {{random::A::B}}
        parts = re.split(separator, value.lstrip(":"))
        choices = [part.replace("\\,", ",").strip() for part in parts]
        return choices[self._drawn(whole, len(choices), lasting=lasting)]

    def _roll(self, value: str, whole: str) -> str:
        sides = re.fullmatch(r":?\s*d?(\d{1,9})\s*", value, re.IGNORECASE)
        if not sides or int(sides.group(1)) < 1:
            return whole
        return str(1 + self._drawn(whole, int(sides.group(1)), lasting=False))


def has_macros(text: str) -> bool:
    """Whether there may be something in the text to fill in."""
    return "{{" in text or ("<" in text and TAG.search(text) is not None)


def scannable(content: str) -> str:
    """A lorebook entry's content as the keys of others may match it: hidden keys count, comments do not."""
    return _HIDDEN_KEY.sub(r"\1", _COMMENT.sub("", content))

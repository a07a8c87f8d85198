"""Macros in what an editor writes: V3's, those of SillyTavern that make sense when spoken, our metadata.

Names are found in any case, with their arguments after `:`, `::` or a space. What a visitor wrote (a name,
metadata, last words) comes out quoted, so that it stays data; what an editor wrote comes out as it is. An
unknown macro is left alone, and noted in `Macros.unknown`.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from characters.text import moment as moments
from characters.text.moment import Moment
from characters.text.quoting import lookup, marked, quoted, unmarked

MACRO = re.compile(r"\{\{(?!\{)((?:[^{}]|\{(?!\{)|\}(?!\}))*)\}\}")
TAG = re.compile(r"<(user|char|bot|group|charifnotgroup)>", re.IGNORECASE)
NAME = re.compile(r"([A-Za-z_]+)(\s*::?|\s+|$)?(.*)", re.DOTALL)
TRIMS = re.compile(r"\{\{\s*trim\s*\}\}", re.IGNORECASE)
# Begins where line breaks begin: else a run of them without the macro is searched from each of them again.
TRIM = re.compile(r"(?:(?<![\r\n])[\r\n]+)?\{\{\s*trim\s*\}\}[\r\n]*", re.IGNORECASE)
METADATA = re.compile(r"metadata\.([A-Za-z0-9_.-]{1,80})", re.IGNORECASE)
ROUNDS = 5  # of macros within macros
GROWN = 200_000  # characters; macros within macros must not make more of a text
MOST_MACROS = 500  # that are filled in for one prompt; some 10 µs each
MOST_NEWLINES = 20  # that one macro writes
MESSAGE_CHARACTERS = 1_000  # of a last message that is quoted
DEFAULT_VISITOR = "the visitor"
DICE_FOR_ONE = 5  # dice that cost as much as a macro
EMPTY: tuple[Any, ...] = (None, "", [], {})


@dataclass
class Tally:
    """What one prompt's macros have come to: one count for all of its texts."""

    filled: int = 0
    written: int = 0  # characters that fields of the character have added
    drawn: dict[str, int] = field(default_factory=dict)  # how often chance was asked in the same words
    unknown: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True)
class Macros:
    """What macros stand for in one conversation.

    `char` is the character's name in conversation, `original` what {{original}} stands for in this field,
    `fields` the character's own texts by the names of their macros, in small letters. `seed` decides
    {{pick}}, the same for a whole session; `turn` besides it decides {{random}} and {{roll}}. `told` writes
    what a visitor has given.
    """

    char: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    original: str = ""
    seed: str = ""
    turn: int = 0
    told: Callable[..., str] = quoted
    language: str = "en"
    fields: Mapping[str, str] = field(default_factory=dict)
    moment: Moment = field(default_factory=Moment)
    tally: Tally = field(default_factory=Tally, repr=False, compare=False)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The macros that were met and that nobody knows here, each once, with their braces."""
        return tuple(self.tally.unknown)

    def expand(self, text: str) -> str:
        """`text` with its macros filled in, innermost first."""
        if "<" in text:
            text = TAG.sub(lambda tag: self.name_of(tag.group(1).lower()), text)
        if "{{" in text and TRIMS.search(text):
            text = TRIM.sub("", text)
        for _ in range(ROUNDS):
            left = MOST_MACROS - self.tally.filled
            if "{{" not in text or len(text) > GROWN or left <= 0:
                break
            filled = MACRO.sub(self._fill, text, count=left)
            if filled == text:
                break
            text = filled
        return unmarked(text)[:GROWN]

    def spoken(self, text: str) -> str:
        """The same for what is said as it is: an unknown macro is left out, nobody says braces."""
        return MACRO.sub("", self.expand(text))

    def name_of(self, who: str) -> str:
        if who != "user":
            return self.char
        name = self.metadata.get("name")
        return self.given(name) if name not in EMPTY else DEFAULT_VISITOR

    def given(self, value: Any, *most: int) -> str:
        """What a visitor gave, which no macro around it takes for its arguments."""
        return marked(self.told(value, *most))

    def _fill(self, match: re.Match[str]) -> str:
        body = match.group(1).strip()
        if self.tally.filled >= MOST_MACROS:
            return match.group(0)
        self.tally.filled += 1
        name, colon, value = body.partition(":")
        name = name.rstrip().lower()
        if not colon and name in ("char", "user"):  # most of all
            return self.name_of(name)
        if handler := HANDLERS.get(name):
            text = handler(self, value.removeprefix(":"), match.group(0))
        else:
            text = self._other(body, match.group(0))
        if text is None:
            self.tally.unknown[match.group(0)[:80]] = None
            return match.group(0)
        return text

    def _other(self, body: str, whole: str) -> str | None:
        """What is no name with a colon, or none: notes, metadata, what follows a space, fields."""
        if body.startswith("//"):
            return ""
        if path := METADATA.fullmatch(body):
            found = lookup(self.metadata, path.group(1))
            return "unknown" if found in EMPTY else self.given(found)
        parts = NAME.fullmatch(body)
        if not parts:
            return None
        name, value = parts.group(1).lower(), parts.group(3)
        if not parts.group(2) and value:  # {{time_UTC+2}}
            name, value = name.removesuffix("_utc"), f"UTC{value}"
        if handler := HANDLERS.get(name):
            return handler(self, value, whole)
        if name not in self.fields or value:
            return None
        text = self.fields[name]
        self.tally.written += len(text)
        return text if self.tally.written <= GROWN else ""

    def drawn(self, place: str, sides: int, *, lasting: bool) -> int:
        """Chance, from 0 to below `sides`: the same for a session and place (and turn, unless lasting)."""
        parts = f"{self.seed}\0{place}" + ("" if lasting else f"\0{self.turn}")
        return int.from_bytes(hashlib.sha256(parts.encode("utf-8", "replace")).digest()[:16]) % sides

    def each(self, whole: str) -> str:
        """A place for chance: the same words a second time are another throw."""
        before = self.tally.drawn.get(whole, 0)
        self.tally.drawn[whole] = before + 1
        return f"{whole}\0{before}" if before else whole


Handler = Callable[[Macros, str, str], str | None]


def _bare(text: Callable[[Macros], str]) -> Handler:
    """A macro without arguments; one that has some is another."""
    return lambda macros, value, whole: None if value.strip() else text(macros)


def _choose(lasting: bool) -> Handler:
    def choose(macros: Macros, value: str, whole: str) -> str:
        value = value.lstrip(":")
        separator = "::" if "::" in value else r"(?<!\\),"  # the older form is {{random::A::B}}
        choices = [part.replace("\\,", ",").strip() for part in re.split(separator, value)]
        place = whole if lasting else macros.each(whole)
        return choices[macros.drawn(place, len(choices), lasting=lasting)]

    return choose


def _roll(macros: Macros, value: str, whole: str) -> str | None:
    place = macros.each(whole)

    def drawn(sides: int, number: int) -> int:
        if number and not number % DICE_FOR_ONE:
            macros.tally.filled += 1
        return macros.drawn(f"{place}\0die {number}" if number else place, sides, lasting=False)

    return moments.rolled(value, drawn)


def _time(macros: Macros, value: str, whole: str) -> str | None:
    when = macros.moment.time(macros.metadata)
    if value.strip():
        elsewhere = moments.at_offset(when, value)
        return moments.formatted(elsewhere, "TIME_FORMAT", macros.language) if elsewhere else None
    return moments.formatted(when, "TIME_FORMAT", macros.language)


def _when(form: str) -> Handler:
    return _bare(lambda m: moments.formatted(m.moment.time(m.metadata), form, m.language))


def _datetime_format(macros: Macros, value: str, whole: str) -> str:
    pattern = unmarked(value.strip())
    macros.tally.filled += moments.tokens_of(pattern)
    return moments.in_moment_format(macros.moment.time(macros.metadata), pattern, macros.language)


def _said(text: Callable[[Moment], str]) -> Handler:
    """Words of the conversation: data, as everything that was said."""

    def said(macros: Macros) -> str:
        words = text(macros.moment)
        return macros.given(words, MESSAGE_CHARACTERS) if words else ""

    return _bare(said)


def _variable(change: Callable[[Macros, str, str], str], prefix: str = "", *, values: int = 0) -> Handler:
    """A macro of a variable: its name, and a value where it takes one."""

    def handle(macros: Macros, value: str, whole: str) -> str | None:
        name, separator, given = value.partition("::")
        if not name.strip() or bool(separator) != bool(values):
            return None
        return change(macros, prefix + unmarked(name).strip(), unmarked(given).strip())

    return handle


def _set(macros: Macros, name: str, value: str) -> str:
    moments.set_variable(macros.moment.variables, name, value)
    return ""


def _get(macros: Macros, name: str, _: str) -> str:
    value = macros.moment.variables.get(name, "")
    return marked(value) if value.startswith('"') else value  # a visitor's words


def _add(macros: Macros, name: str, value: str) -> str:
    moments.add_to_variable(macros.moment.variables, name, value)
    return ""


def _step(by: str) -> Callable[[Macros, str, str], str]:
    return lambda macros, name, _: moments.add_to_variable(macros.moment.variables, name, by)


def _persona(macros: Macros) -> str:
    found = macros.metadata.get("persona")
    return macros.given(found, MESSAGE_CHARACTERS) if found not in EMPTY else ""


def _newline(macros: Macros, value: str, whole: str) -> str | None:
    count = value.strip() or "1"
    return "\n" * min(int(count), MOST_NEWLINES) if count.isascii() and count.isdigit() else None


def _of_variables() -> dict[str, Handler]:
    found: dict[str, Handler] = {}
    for infix, prefix in (("", ""), ("global", moments.GLOBAL)):
        found[f"set{infix}var"] = _variable(_set, prefix, values=1)
        found[f"add{infix}var"] = _variable(_add, prefix, values=1)
        found[f"get{infix}var"] = _variable(_get, prefix)
        found[f"inc{infix}var"] = _variable(_step("1"), prefix)
        found[f"dec{infix}var"] = _variable(_step("-1"), prefix)
    return found


def _named(who: str) -> Handler:
    return _bare(lambda macros: macros.name_of(who))


HANDLERS: Mapping[str, Handler] = {
    **dict.fromkeys(("user", "notchar"), _named("user")),
    **dict.fromkeys(("char", "bot", "group", "groupnotmuted", "charifnotgroup"), _named("char")),
    "original": _bare(lambda macros: macros.original),
    **dict.fromkeys(("comment", "hidden_key", "noop", "bias", "banned"), lambda *_: ""),
    "newline": _newline,
    "reverse": lambda macros, value, whole: value.strip()[::-1],
    "random": _choose(False),
    "pick": _choose(True),
    "roll": _roll,
    "dice": _roll,
    "time": _time,
    "date": _when("DATE_FORMAT"),
    "weekday": _when("l"),
    "isotime": _when("H:i"),
    "isodate": _when("Y-m-d"),
    "datetimeformat": _datetime_format,
    **dict.fromkeys(
        ("idle_duration", "idleduration"), _bare(lambda m: moments.idle(m.moment.idle_secs, m.language))
    ),
    "persona": _bare(_persona),
    "memory": lambda m, value, _: m.given(known, 400) if (known := m.moment.remembered(value)) else "",
    "told": lambda m, value, _: m.given(known, 400) if (known := m.moment.answered(value)) else "",
    "lastmessage": _said(lambda moment: moment.last_message),
    **dict.fromkeys(("lastusermessage", "input"), _said(lambda moment: moment.last_user_message)),
    "lastcharmessage": _said(lambda moment: moment.last_character_message),
    "lastmessageid": _bare(lambda macros: str(max(0, macros.moment.messages - 1))),
    "model": _bare(lambda macros: macros.moment.model),
    **_of_variables(),
}


def has_macros(text: str) -> bool:
    """Whether there may be something in the text to fill in."""
    return "{{" in text or ("<" in text and TAG.search(text) is not None)

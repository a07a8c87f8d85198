"""Moment: what is so at one turn of a conversation, for macros: time, dice, variables, last words."""

import re
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import dateformat, translation
from django.utils import timezone as house
from django.utils.timesince import timesince

from characters.text.numbers import finite
from characters.text.quoting import lookup, quoted, unquoted

MOST_VARIABLES = 100  # of one conversation
VARIABLE_CHARACTERS = 1_000  # of the value of one
VARIABLE_NAME = re.compile(r"[^\x00-\x1f{}]{1,60}")
GLOBAL = "global:"  # what the names of global variables begin with: here they are one conversation's as well
MOST_DICE = 100
DICE = re.compile(r"(\d{0,3})d(\d{1,9})\s*([+-]\s*\d{1,9})?|(\d{1,9})", re.IGNORECASE)
UTC_OFFSET = re.compile(r"UTC\s*([+-]?)(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)
# The tokens of Moment.js, in which SillyTavern's formats are written, as Django's; longer ones first.
TOKENS: Mapping[str, str] = {
    "YYYY": "Y", "YY": "y", "MMMM": "F", "MMM": "M", "MM": "m", "M": "n", "DDDD": "z", "DD": "d", "Do": "jS",
    "D": "j", "dddd": "l", "ddd": "D", "dd": "D", "d": "w", "HH": "H", "H": "G", "hh": "h", "h": "g",
    "mm": "i", "m": "i", "ss": "s", "s": "s", "A": "A", "a": "A", "Z": "O", "X": "U",
}  # fmt: skip
NAMED_FORMATS: Mapping[str, str] = {
    "LT": "TIME_FORMAT",
    "LTS": "TIME_FORMAT",
    "L": "SHORT_DATE_FORMAT",
    "LL": "DATE_FORMAT",
    "LLL": "DATETIME_FORMAT",
    "LLLL": "DATETIME_FORMAT",
}
DJANGO_LANGUAGES = {"zh": "zh-hans"}  # where Django's name of a language is another
TOKEN = re.compile(
    r"\[([^\]]*)\]|" + "|".join(sorted((*TOKENS, *NAMED_FORMATS), key=len, reverse=True)), re.DOTALL
)


def zone_of(metadata: Mapping[str, Any]) -> ZoneInfo | None:
    """The visitor's time zone, `metadata.timeZone` by its IANA name; None where there is none such."""
    asked = lookup(metadata, "timeZone")
    if not isinstance(asked, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_+/-]{1,60}", asked):
        return None
    try:
        return ZoneInfo(asked)
    except (OSError, ValueError, LookupError):
        return None


@dataclass
class Moment:
    """One turn's circumstances. Macros change the `variables`, nothing else.

    `now` is an aware time, None for the time at which a macro asks; `idle_secs` is how long the visitor had
    said nothing before.
    """

    now: datetime | None = None
    idle_secs: float = 0.0
    model: str = ""
    last_message: str = ""
    last_user_message: str = ""
    last_character_message: str = ""
    # What is remembered of the visitor from earlier conversations: "name", "plan", and "" what matters most.
    memory: Mapping[str, str] = field(default_factory=dict)
    # What the visitor asks of themselves and has told: "" as a clause about them, "value" the bare thing.
    told: Mapping[str, str] = field(default_factory=dict)
    messages: int = 0  # that were said before
    variables: MutableMapping[str, str] = field(default_factory=dict)

    def time(self, metadata: Mapping[str, Any]) -> datetime:
        """Now, in the visitor's zone or else in the house's."""
        return house.localtime(self.now or house.now(), zone_of(metadata))

    def remembered(self, what: str) -> str:
        """What {{memory}} and {{memory::plan}} stand for, '' where nothing of that is remembered."""
        return self.memory.get(what.strip(" :").lower(), "")

    def answered(self, what: str) -> str:
        """What {{told}} and {{told::value}} stand for, '' where the visitor asks nothing of themselves."""
        return self.told.get(what.strip(" :").lower(), "")


def restored(values: Any) -> dict[str, str]:
    """Variables out of a session's metadata: a visitor could have written them."""
    if not isinstance(values, Mapping):
        return {}
    found: dict[str, str] = {}
    for name, value in values.items():
        if len(found) >= MOST_VARIABLES or not VARIABLE_NAME.fullmatch(str(name)):
            continue
        number = finite(value)
        if number is not None:
            found[str(name)] = plain_number(number)
        elif isinstance(value, str):
            found[str(name)] = quoted(unquoted(value.strip().strip('"'))) if value.strip() else ""
    return found


def plain_number(number: float) -> str:
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:g}"


# --- time ---


def formatted(when: datetime, form: str, language: str) -> str:
    """A time in one of Django's formats, its names in that language.

    A named format (TIME_FORMAT) is Django's own: how a character says it, whatever the desk writes.
    """
    known = DJANGO_LANGUAGES.get(language, language)
    with translation.override(known):
        return str(dateformat.format(when, _own_format(form, known) if form.endswith("_FORMAT") else form))


@cache
def _own_format(name: str, language: str) -> str:
    """A format as Django has it for a language, without the house's (FORMAT_MODULE_PATH)."""
    for locale in (translation.to_locale(language), language.partition("-")[0], "en"):
        with suppress(ModuleNotFoundError, AttributeError):
            return str(getattr(import_module(f"django.conf.locale.{locale}.formats"), name))
    raise ValueError(name)


def tokens_of(pattern: str) -> int:
    """How many tokens of Moment.js a format has that differ: what writing it costs."""
    return len({token.group(0) for token in TOKEN.finditer(pattern[:200])})


def in_moment_format(when: datetime, pattern: str, language: str) -> str:
    """A time in a format of Moment.js, as `dddd, MMMM Do [at] HH:mm`."""

    written: dict[str, str] = {}

    def fill(token: re.Match[str]) -> str:
        name = token.group(0)
        if name not in written:
            written[name] = fresh(token)
        return written[name]

    def fresh(token: re.Match[str]) -> str:
        if token.group(1) is not None:
            return token.group(1)
        name = token.group(0)
        form = NAMED_FORMATS.get(name) or TOKENS[name]
        text = formatted(when, form, language)
        return text.lstrip("0") or "0" if name in ("m", "s") else text.lower() if name == "a" else text

    return TOKEN.sub(fill, pattern[:200])


def at_offset(when: datetime, text: str) -> datetime | None:
    """The same time elsewhere: `UTC+2`, `UTC-3:30`; None for what is no offset."""
    found = UTC_OFFSET.fullmatch(text.strip())
    if not found:
        return None
    secs = int(found[2]) * 3600 + int(found[3] or 0) * 60
    if secs > 14 * 3600:
        return None
    return when.astimezone(timezone(timedelta(seconds=-secs if found[1] == "-" else secs)))


def idle(secs: float, language: str) -> str:
    """How long that is, in words."""
    until = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=min(max(secs, 0.0), 1e9))
    with translation.override(DJANGO_LANGUAGES.get(language, language)):
        return timesince(datetime(2000, 1, 1, tzinfo=UTC), until, depth=1).replace("\xa0", " ")


# --- dice ---


def rolled(text: str, drawn: Callable[[int, int], int]) -> str | None:
    """What dice come to: `20`, `d6`, `2d6+1`; None for what is no dice.

    `drawn` gives a number from 0 to below its first argument, another for each second one.
    """
    dice = DICE.fullmatch(text.strip())
    if not dice:
        return None
    count, sides = int(dice[1] or 1), int(dice[2] or dice[4])
    if not 1 <= count <= MOST_DICE or sides < 1:
        return None
    more = int(dice[3].replace(" ", "")) if dice[3] else 0
    return str(sum(1 + drawn(sides, number) for number in range(count)) + more)


# --- variables ---


def set_variable(variables: MutableMapping[str, str], name: str, value: str) -> None:
    """Remembers a value; what is more than a conversation may have is forgotten at once."""
    if VARIABLE_NAME.fullmatch(name) and (name in variables or len(variables) < MOST_VARIABLES):
        variables[name] = value[:VARIABLE_CHARACTERS]


def add_to_variable(variables: MutableMapping[str, str], name: str, value: str) -> str:
    """Adds a number to a number, words to words; what it is then."""
    before = variables.get(name, "")
    left, right = finite(before or 0), finite(value or 0)
    both = left is not None and right is not None
    after = plain_number(left + right) if both else before + value  # type: ignore[operator]
    set_variable(variables, name, after)
    return variables.get(name, "")

"""SillyTavern's rules of an entry as one line that an editor reads and writes.

`logic: not any; probability: 50; sticky: 4; at depth: 2; role: user`: what is not there is as usual. The line
stands for some of the card's `extensions`; what else these hold is left alone.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from characters.lore.rules.meaning import entry_of
from characters.lore.rules.sillytavern import DEPTH, ROLES, Logic, Place

LOGICS: Mapping[str, int] = {logic.name.lower().replace("_", " "): logic for logic in Logic}
MOST_MESSAGES = 10_000
MOST_CHARACTERS = 200  # of a name


class RulesInvalid(ValueError):
    """A line that says something that is not known; the message is for its editor."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """One rule: its key under `extensions`, its usual value, how it is read, and how it is written."""

    key: str
    usual: Any
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


def _whole(most: int, least: int = 0) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(text)

    return read


def _flag(text: str) -> bool:
    if text.lower() not in ("", "yes", "true"):
        raise ValueError("yes, or nothing")
    return True


def _level(text: str) -> bool | int:
    return True if text.lower() in ("", "yes", "true") else _whole(100, 1)(text)


def _one_of(names: Mapping[str, int]) -> Callable[[str], int]:
    def read(text: str) -> int:
        if text.lower() not in names:
            raise ValueError(f"one of {', '.join(names)}")
        return int(names[text.lower()])

    return read


def _percent(text: str) -> int:
    return _whole(100)(text.removesuffix("%").strip())


def _name(text: str) -> str:
    if not text:
        raise ValueError("a name")
    return text[:MOST_CHARACTERS]


def _named(names: Mapping[str, int]) -> Callable[[Any], str]:
    return lambda value: next((name for name, number in names.items() if number == value), str(value))


_ROLES = {name: number for number, name in enumerate(ROLES)}
_FLAG: Mapping[str, Any] = {"usual": False, "read": _flag, "write": lambda _: "yes"}
RULES: Mapping[str, _Rule] = {
    "logic": _Rule("selectiveLogic", 0, _one_of(LOGICS), _named(LOGICS)),
    "probability": _Rule("probability", 100, _percent),
    "sticky": _Rule("sticky", None, _whole(MOST_MESSAGES, 1)),
    "cooldown": _Rule("cooldown", None, _whole(MOST_MESSAGES, 1)),
    "delay": _Rule("delay", None, _whole(MOST_MESSAGES, 1)),
    "group": _Rule("group", "", _name),
    "group weight": _Rule("group_weight", 100, _whole(MOST_MESSAGES)),
    "group override": _Rule("group_override", **_FLAG),
    "group scoring": _Rule("use_group_scoring", **_FLAG),
    "scan depth": _Rule("scan_depth", None, _whole(1000)),
    "at depth": _Rule("depth", DEPTH, _whole(1000)),
    "role": _Rule("role", 0, _one_of(_ROLES), _named(_ROLES)),
    "exclude recursion": _Rule("exclude_recursion", **_FLAG),
    "prevent recursion": _Rule("prevent_recursion", **_FLAG),
    "delay until recursion": _Rule(
        "delay_until_recursion", False, _level, lambda value: "yes" if value is True else str(value)
    ),
}
NOTHING = (None, False, "", 0)


def _extensions(entry: Mapping[str, Any]) -> dict[str, Any]:
    found = entry.get("extensions")
    return dict(found) if isinstance(found, dict) else {}


def shown(rest: str) -> str:
    """The rules of an entry's JSON as a line; '' if all is as usual."""
    extensions = _extensions(entry_of(rest))
    placed = extensions.get("position") == Place.AT_DEPTH
    parts = []
    for name, rule in RULES.items():
        value = extensions.get(rule.key, rule.usual)
        usual = value == rule.usual or (value in NOTHING and rule.usual in (None, False, ""))
        if name == "at depth":
            usual = not placed
        elif name == "role":
            usual = usual or not placed
        elif name == "probability":
            usual = usual or extensions.get("useProbability", True) is False
        if not usual and isinstance(value, (str, int, float)):
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            written = rule.write(value)[:MOST_CHARACTERS]
            parts.append(f"{name}: {written}".replace(";", ","))
    return "; ".join(parts)


def read(text: str) -> dict[str, Any]:
    """What a line says, by the keys under `extensions`. Raises RulesInvalid."""
    taken: dict[str, Any] = {}
    for part in filter(None, map(str.strip, text.replace("\n", ";").split(";"))):
        name, _, value = (piece.strip() for piece in part.partition(":"))
        rule = RULES.get(" ".join(name.lower().split()))
        if rule is None:
            raise RulesInvalid(f"“{name[:40]}” is no rule. There are: {', '.join(RULES)}.")
        try:
            taken[rule.key] = rule.read(value)
        except ValueError as error:
            raise RulesInvalid(f"{name} wants {error}.") from error
    if "role" in taken and "depth" not in taken:
        raise RulesInvalid("A role is for an entry at a depth: say at which.")
    return taken


def changed(rest: str, text: str, place: str) -> str:
    """The entry's JSON with the rules of a line; `place` is where it stands unless that is at a depth.

    Raises RulesInvalid.
    """
    if text.strip() == shown(rest):  # also of a card whose rules nobody could write here
        return rest
    taken = read(text)
    entry = entry_of(rest)
    extensions = _extensions(entry)
    for rule in RULES.values():
        if rule.key in taken:
            extensions[rule.key] = taken[rule.key]
        elif rule.key in extensions:
            extensions[rule.key] = rule.usual
    if "probability" in taken:
        extensions["useProbability"] = True
    if "depth" in taken:
        extensions["position"] = int(Place.AT_DEPTH)
    elif extensions.get("position", Place.AT_DEPTH) == Place.AT_DEPTH:
        extensions["position"] = int(Place.AFTER if place == "after_char" else Place.BEFORE)
    entry["extensions"] = extensions
    return json.dumps(entry, ensure_ascii=True, separators=(",", ":"))

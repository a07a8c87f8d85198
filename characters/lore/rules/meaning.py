"""Entries that fire by meaning as well as by key words, SillyTavern's `vectorized`; from how sure on is ours.

Who compares meanings is outside: a scan is told how near each entry is to what was said.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from characters.text import Reason, because, finite

OURS, SURE = "greenroom", "sure"  # under an entry's `extensions`: from how many percent on
VECTORIZED = "vectorized"
USUAL_PERCENT = 40  # the usual threshold: what it finds and what it mistakes is in voicebot.lore.certainty
LEAST_PERCENT, MOST_PERCENT = 5, 95


class Nearness(NamedTuple):
    """How sure it is that an entry is meant, 0 to 1; by letters alone where meanings cannot be compared."""

    sure: float
    by_meaning: bool = True


class ByMeaning(NamedTuple):
    """Whether an entry fires by meaning as well; from how sure on, in percent, where it says so itself."""

    wanted: bool = False
    percent: int | None = None


def percent_of(extensions: Mapping[str, Any]) -> int | None:
    """What an entry says of how sure it has to be, None for what is usual."""
    ours = extensions.get(OURS)
    found = finite(ours.get(SURE)) if isinstance(ours, dict) else None
    return None if found is None else int(max(LEAST_PERCENT, min(MOST_PERCENT, found)))


def verdict(near: Nearness, percent: int) -> tuple[bool, Reason]:
    """Whether an entry is near enough to what was said, and how near it is."""
    sure = int(100 * near.sure)
    fires = sure >= percent
    if fires and near.by_meaning:
        return True, because("by meaning, {sure} % sure", sure=sure)
    if fires:
        return True, because("by its letters, {sure} % sure: meanings cannot be compared here", sure=sure)
    if near.by_meaning:
        why = because("no key, and by meaning {sure} % sure of {percent} %", sure=sure, percent=percent)
    else:
        why = because("no key, and by its letters {sure} % sure of {percent} %", sure=sure, percent=percent)
    return False, why


def found_by(rest: str) -> ByMeaning:
    """What the JSON of an entry says."""
    extensions = entry_of(rest).get("extensions")
    if not isinstance(extensions, dict):
        return ByMeaning()
    return ByMeaning(extensions.get(VECTORIZED) is True, percent_of(extensions))


def changed(rest: str, wanted: ByMeaning, place: str) -> str:
    """The JSON of an entry with this in it; what else it holds stays, and so does its `place`."""
    if found_by(rest) == wanted:
        return rest
    entry = entry_of(rest)
    found = entry.get("extensions")
    extensions = dict(found) if isinstance(found, dict) else {}
    if wanted.wanted or VECTORIZED in extensions:
        extensions[VECTORIZED] = wanted.wanted
        extensions.setdefault("position", int(place == "after_char"))  # as SillyTavern counts
    ours = extensions.get(OURS)
    ours = {name: value for name, value in ours.items() if name != SURE} if isinstance(ours, dict) else {}
    if wanted.percent is not None:
        ours[SURE] = wanted.percent
    extensions.pop(OURS, None)
    if ours:
        extensions[OURS] = ours
    return json.dumps({**entry, "extensions": extensions}, ensure_ascii=True, separators=(",", ":"))


def entry_of(rest: str) -> dict[str, Any]:
    """The rest of an entry, which came with it and is kept as JSON; {} for what is none."""
    try:
        entry = json.loads(rest)
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}

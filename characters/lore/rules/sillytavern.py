"""SillyTavern's rules of one entry, read from the `extensions` that it writes into a card.

Its own code is what these mean (`public/scripts/world-info.js`: convertCharacterBook, checkWorldInfo). It
writes `use_regex: true` into every entry and means by it that keys *may* be patterns, as /pattern/flags.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

from characters.lore.rules import meaning
from characters.text import finite

NAMES = frozenset(
    [
        "position",
        "exclude_recursion",
        "prevent_recursion",
        "delay_until_recursion",
        "display_index",
        "probability",
        "useProbability",
        "depth",
        "selectiveLogic",
        "group",
        "group_override",
        "group_weight",
        "scan_depth",
        "match_whole_words",
        "case_sensitive",
        "use_group_scoring",
        "automation_id",
        "role",
        "vectorized",
        "sticky",
        "cooldown",
        "delay",
        "match_persona_description",
        "match_character_description",
        "match_character_personality",
        "match_character_depth_prompt",
        "match_scenario",
        "match_creator_notes",
        "outlet_name",
        "triggers",
        "ignore_budget",
    ]
)
ROLES = ("system", "user", "assistant")
DEPTH = 4  # messages, where an entry at a depth names none
WEIGHT = 100.0
MOST = 1_000_000.0  # of any number
MOST_GROUPS = 20  # of one entry
ALSO = {  # what else than messages an entry may be looked for in, by the name of the character's field
    "match_character_description": "description",
    "match_character_personality": "personality",
    "match_scenario": "scenario",
    "match_creator_notes": "about",
}


class Logic(IntEnum):
    """What the secondary keys have to do."""

    AND_ANY = 0
    NOT_ALL = 1
    NOT_ANY = 2
    AND_ALL = 3


class Place(IntEnum):
    """Where an entry stands in the prompt."""

    BEFORE = 0
    AFTER = 1
    NOTE_TOP = 2
    NOTE_BOTTOM = 3
    AT_DEPTH = 4
    EXAMPLES_TOP = 5
    EXAMPLES_BOTTOM = 6
    OUTLET = 7


@dataclass(frozen=True, slots=True)
class Rules:
    """What an entry's extensions ask for; the defaults ask for nothing. Times are counted in messages."""

    written: bool = False  # by SillyTavern, or for it
    uid: float | None = None
    logic: Logic = Logic.AND_ANY
    probability: float = 100.0
    sticky: int = 0
    cooldown: int = 0
    delay: int = 0
    groups: tuple[str, ...] = ()
    group_override: bool = False
    group_weight: float = WEIGHT
    group_scoring: bool = False
    exclude_recursion: bool = False
    prevent_recursion: bool = False
    recursion_level: int = 0  # from which level of delayed recursion on it may fire; 0: from the beginning
    scan_depth: int | None = None
    place: Place | None = None
    depth: int = DEPTH
    role: str = "system"
    also: tuple[str, ...] = ()  # fields of the character that are searched with the messages
    ignore_budget: bool = False
    vectorized: bool = False
    percent: int = meaning.USUAL_PERCENT  # how sure it has to be that an entry is meant, to fire by meaning
    other_triggers: bool = False  # only for what never happens in a spoken conversation

    @property
    def timed(self) -> bool:
        """Whether what was said before decides."""
        return bool(self.sticky or self.cooldown)


NONE = Rules()


def _number(value: Any) -> float | None:
    found = finite(value)
    return None if found is None else max(-MOST, min(MOST, found))


def _whole(value: Any) -> int:
    """A whole number of messages; 0 for what is none."""
    return max(0, int(_number(value) or 0))


def is_written(entry: Mapping[str, Any]) -> bool:
    """Whether a card's entry is SillyTavern's, or has some of its extensions.

    It numbers every entry by `id`; other applications leave that out, and `extensions` has to be there.
    """
    extensions = entry.get("extensions")
    return isinstance(extensions, dict) and ("id" in entry or not NAMES.isdisjoint(extensions))


def _place(entry: Mapping[str, Any], extensions: Mapping[str, Any]) -> Place:
    asked = _number(extensions.get("position"))
    if asked is None:
        return Place.BEFORE if entry.get("position") == "before_char" else Place.AFTER
    return Place(int(asked)) if asked in list(Place) else Place.AFTER


def rules_of(entry: Mapping[str, Any]) -> Rules:
    """The rules of a card's entry, `NONE` if it has none."""
    if not is_written(entry):
        return NONE
    extensions = entry["extensions"]
    chance = _number(extensions.get("probability"))
    uses_chance = extensions.get("useProbability", True) not in (False, None)
    logic = _number(extensions.get("selectiveLogic"))
    weight = _number(extensions.get("group_weight"))
    depth, scan_depth = _number(extensions.get("depth")), _number(extensions.get("scan_depth"))
    later = extensions.get("delay_until_recursion")
    role = extensions.get("role")
    if isinstance(role, str):
        role = ROLES.index(role) if role in ROLES else None
    group = extensions.get("group")
    names = group.split(",") if isinstance(group, str) else []
    triggers = extensions.get("triggers")
    return Rules(
        written=True,
        uid=_number(entry.get("id")),
        logic=Logic(int(logic)) if logic in list(Logic) else Logic.AND_ANY,
        probability=chance if chance is not None and uses_chance else 100.0,
        sticky=_whole(extensions.get("sticky")),
        cooldown=_whole(extensions.get("cooldown")),
        delay=_whole(extensions.get("delay")),
        groups=tuple(dict.fromkeys(filter(None, map(str.strip, names))))[:MOST_GROUPS],
        group_override=extensions.get("group_override") is True,
        group_weight=WEIGHT if weight is None else max(0.0, weight),
        group_scoring=extensions.get("use_group_scoring") is True,
        exclude_recursion=extensions.get("exclude_recursion") is True,
        prevent_recursion=extensions.get("prevent_recursion") is True,
        recursion_level=1 if later is True else _whole(later),
        scan_depth=None if scan_depth is None else max(0, int(scan_depth)),
        place=_place(entry, extensions),
        depth=DEPTH if depth is None else max(0, int(depth)),
        role=ROLES[int(_number(role) or 0)] if (_number(role) or 0) in (0, 1, 2) else "system",
        also=tuple(field for name, field in ALSO.items() if extensions.get(name) is True),
        ignore_budget=extensions.get("ignore_budget") is True,
        vectorized=extensions.get(meaning.VECTORIZED) is True,
        percent=meaning.percent_of(extensions) or meaning.USUAL_PERCENT,
        other_triggers=isinstance(triggers, list) and bool(triggers) and "normal" not in triggers,
    )


@lru_cache(maxsize=4096)
def parsed(rest: str) -> tuple[Rules, str]:
    """The rules of an entry as it was imported (its JSON), and the place beside `extensions` it then had."""
    try:
        entry = json.loads(rest)
    except (ValueError, RecursionError):
        entry = None
    if not isinstance(entry, dict):
        return NONE, ""
    position = entry.get("position")
    return rules_of(entry), position if position in ("before_char", "after_char") else ""

"""World info of SillyTavern: its own names for what a card's lorebook entry has.

What each name means is in its `convertCharacterBook` (`public/scripts/world-info.js`).
"""

from collections.abc import Mapping
from typing import Any

from characters.cards import values

Json = dict[str, Any]
# Its names, and those under `extensions` of a card's entry.
EXTENSIONS = {
    "position": "position",
    "excludeRecursion": "exclude_recursion",
    "preventRecursion": "prevent_recursion",
    "delayUntilRecursion": "delay_until_recursion",
    "displayIndex": "display_index",
    "probability": "probability",
    "useProbability": "useProbability",
    "depth": "depth",
    "selectiveLogic": "selectiveLogic",
    "outletName": "outlet_name",
    "group": "group",
    "groupOverride": "group_override",
    "groupWeight": "group_weight",
    "scanDepth": "scan_depth",
    "caseSensitive": "case_sensitive",
    "matchWholeWords": "match_whole_words",
    "useGroupScoring": "use_group_scoring",
    "automationId": "automation_id",
    "role": "role",
    "vectorized": "vectorized",
    "greenroom": "greenroom",  # our own: from how sure on
    "sticky": "sticky",
    "cooldown": "cooldown",
    "delay": "delay",
    "matchPersonaDescription": "match_persona_description",
    "matchCharacterDescription": "match_character_description",
    "matchCharacterPersonality": "match_character_personality",
    "matchCharacterDepthPrompt": "match_character_depth_prompt",
    "matchScenario": "match_scenario",
    "matchCreatorNotes": "match_creator_notes",
    "triggers": "triggers",
    "ignoreBudget": "ignore_budget",
}
OWN = ("uid", "key", "keysecondary", "comment", "content", "constant", "selective", "order", "disable")
REST = "world_info"  # under `extensions`: what else an entry has
DEFAULTS: Json = {  # of an entry that says nothing
    "vectorized": False,
    "selectiveLogic": 0,
    "position": 0,
    "depth": 4,
    "probability": 100,
    "useProbability": True,
    "excludeRecursion": False,
    "preventRecursion": False,
    "delayUntilRecursion": False,
    "group": "",
    "groupOverride": False,
    "groupWeight": 100,
    "scanDepth": None,
    "caseSensitive": None,
    "matchWholeWords": None,
    "useGroupScoring": None,
    "automationId": "",
    "role": 0,
    "sticky": None,
    "cooldown": None,
    "delay": None,
    "addMemo": True,
}


def entry_of(given: Mapping[str, Any], number: int) -> Json:
    """A card's entry of one of world info."""
    extensions = {name: given[theirs] for theirs, name in EXTENSIONS.items() if theirs in given}
    rest = {name: value for name, value in given.items() if name not in EXTENSIONS and name not in OWN}
    if rest:
        extensions[REST] = rest
    position = values.number(given.get("position"))
    return {
        "id": given.get("uid", number),
        "keys": values.texts(given.get("key")),
        "secondary_keys": values.texts(given.get("keysecondary")),
        "comment": given.get("comment", ""),
        "content": given.get("content", ""),
        "constant": values.flag(given.get("constant")) is True,
        "selective": values.flag(given.get("selective", True)) is True,
        "insertion_order": given.get("order", 100),
        "enabled": values.flag(given.get("disable")) is not True,
        "position": "after_char" if position else "before_char",
        "use_regex": True,
        "extensions": extensions,
    }


def given_as(entry: Mapping[str, Any], number: int) -> Json:
    """An entry of world info of a card's entry."""
    extensions = entry.get("extensions")
    extensions = extensions if isinstance(extensions, dict) else {}
    place = 0 if entry.get("position", "before_char") == "before_char" else 1
    rest = extensions.get(REST)
    return {
        **DEFAULTS,
        "position": place,
        **(rest if isinstance(rest, dict) else {}),
        **{theirs: extensions[name] for theirs, name in EXTENSIONS.items() if name in extensions},
        "uid": number,
        "displayIndex": number,
        "key": entry.get("keys", []),
        "keysecondary": entry.get("secondary_keys", []),
        "comment": entry.get("comment") or entry.get("name") or "",
        "content": entry.get("content", ""),
        "constant": entry.get("constant") is True,
        "selective": entry.get("selective") is True,
        "order": entry.get("insertion_order", 100),
        "disable": entry.get("enabled") is False,
    }

"""Card JSON from a character's fields, laid over the card that they came from."""

import copy
from collections.abc import Mapping
from typing import Any

from characters.cards import values
from characters.cards.json_text import parse
from characters.cards.mapping import (
    BOOK,
    CASTING,
    DATA,
    MULTILINGUAL,
    NOTE,
    OLD_NAMES,
    OPTIONAL,
    OURS,
    SETTINGS,
    TOOLS,
    V2,
    V3,
    V3_ONLY,
    Json,
    Key,
    data_of,
    note_of,
    notes_of,
    object_of,
    take_entry,
)
from characters.content import LATER
from characters.lore import decorators

# Where and when a card was made, and whose it was, as SillyTavern and older applications note it.
ORIGIN = frozenset(
    """avatar chat create_date add_date edit_date date_added date_last_chat user_name last_chat json_data
    talkativeness fav shallow chat_size data_size metadata""".split()  # noqa: SIM905
)
NOTE_KEYS = (("prompt", ""), ("depth", "_depth"), ("role", "_role"))


def _lay(data: Json, name: str, key: Key, value: Any, *, needed: bool) -> None:
    """Puts a field's value into the card, unless what is there says the same already, in the right type."""
    there = data.get(name)
    right_type = isinstance(there, key.kind) and not (key.kind is int and isinstance(there, bool))
    if right_type and key.read(there) == value:
        return
    empty = value is None or value in ("", [])
    if not empty or needed or there not in (None, "", []):
        if value is None:
            data.pop(name, None)
        else:
            data[name] = value


def give(content: Mapping[str, Any], card: Json, spec: str, *, private: bool) -> Json:
    """The card of a character's `content` as V2 or V3, over the `card` that it came from.

    Without `private` this stays out: the choice of providers and models, tools, lore comments, other
    applications' extensions, and where and when the card was made.
    """
    old = copy.deepcopy(card)
    data = dict(data_of(old)) if old.get("name") or old.get("char_name") or "data" in old else {}
    whole = _root(old, data) if private and isinstance(card.get("data"), dict) else {}
    for name, key in DATA.items():
        needed = name not in OPTIONAL
        if name != "creator_notes":
            _lay(data, name, key, content[key.field], needed=needed)
        elif content["about"] != notes_of(data):
            _lay(data, name, key, content["about"], needed=True)
            data.pop(MULTILINGUAL, None)  # translations of what is not said any more
        if needed:
            data.setdefault(name, key.kind())
    there = object_of(data.get("extensions"))
    extensions = dict(there) if private else {}
    _give_note(extensions, there.get(NOTE), content)
    names = (*SETTINGS, *CASTING) if private else SETTINGS
    ours = object_of(extensions.get(OURS))
    data["extensions"] = {
        **extensions,
        OURS: {**ours, **{name: content.get(name, LATER.get(name)) for name in names}},
    }
    data["extensions"][OURS].pop(TOOLS, None)
    if private and content.get(TOOLS):
        data["extensions"][OURS][TOOLS] = content[TOOLS]
    _give_book(data, content, spec, private=private)
    if not private:
        data = {name: value for name, value in data.items() if name not in ORIGIN}
    if spec == V3:
        data.setdefault("group_only_greetings", [])
        if not private:
            data |= {"creation_date": 0, "modification_date": 0}
            data.pop("source", None)
    else:
        for name in V3_ONLY:
            data.pop(name, None)
    newer = old.get("spec") == spec and isinstance(old.get("spec_version"), str)
    return {
        **whole,
        "spec": spec,
        "spec_version": old["spec_version"] if newer else ("3.0" if spec == V3 else "2.0"),
        "data": data,
    }


def _root(card: Json, data: Json) -> Json:
    """What stands beside a card's `data` and is no copy of it: copies would tell what was edited out."""
    copies = {*DATA, *OLD_NAMES, *ORIGIN, *data, "data", "spec", "spec_version"}
    return {name: value for name, value in card.items() if name not in copies}


def _give_note(extensions: Json, there: Any, content: Mapping[str, Any]) -> None:
    """The character's note, which is a part of its prompt."""
    now = {name: content.get(name, LATER[name]) for name in note_of({})}
    if now == note_of(there):
        if there is not None:
            extensions[NOTE] = there
    elif not now["depth_prompt"]:
        extensions.pop(NOTE, None)
    else:
        extensions[NOTE] = {**object_of(there), **{key: now[f"depth_prompt{end}"] for key, end in NOTE_KEYS}}


def _give_book(data: Json, content: Mapping[str, Any], spec: str, *, private: bool) -> None:
    there = data.get("character_book")
    settings = {key.field: content[key.field] for key in BOOK.values()}
    if not content["lore"] and not isinstance(there, dict) and all(v is None for v in settings.values()):
        if there is None:
            data.pop("character_book", None)
        return
    book = dict(object_of(there))
    for name, key in BOOK.items():
        _lay(book, name, key, settings[key.field], needed=False)
    if not isinstance(book.get("extensions"), dict) or not private:
        book["extensions"] = {}
    book["entries"] = [give_entry(entry, spec, private=private) for entry in content["lore"]]
    data["character_book"] = book


def give_entry(fields: Mapping[str, Any], spec: str, *, private: bool) -> Json:
    """One lorebook entry, over the entry that it came from."""
    entry = parse(fields["rest"].encode())
    there = object_of(entry.get("extensions"))
    extensions = dict(there) if private else {name: there[name] for name in RULES if name in there}
    was = take_entry(entry)
    for name, kind, always in ENTRY:
        value = fields[name]
        needed = always and not (name == "use_regex" and spec == V2 and not value)  # V2 does not know it
        if was[name] == value and (
            isinstance(entry.get(name), kind) or (name in NULLS and entry.get(name, 0) is None)
        ):
            continue
        if value in (None, "", []) and not needed:
            entry.pop(name, None)
        elif needed or was[name] != value or name in entry:
            entry[name] = values.plain(value) if kind == (int, float) else value
    # SillyTavern reads these beside `extensions` from nobody: an edit has to reach both.
    for name, key in (("whole_words", "match_whole_words"), ("case_sensitive", "case_sensitive")):
        if fields[name] != was[name]:
            extensions.pop(key, None)
            if fields[name] is not None:
                extensions[key] = fields[name]
    if fields["position"] != was["position"]:
        extensions["position"] = 1 if fields["position"] == "after_char" else 0
    entry["extensions"] = extensions
    if spec == V2 and "@@" in str(entry["content"]):  # it knows no decorators
        entry["content"] = decorators.parse(str(entry["content"]))[1]
    if not private:
        entry.pop("comment", None)
    return entry


# By which an entry is called for and placed: without them it would say other things at other times.
RULES = (
    "match_whole_words",
    "case_sensitive",
    "selectiveLogic",
    "scan_depth",
    "position",
    "depth",
    "role",
    "sticky",
    "cooldown",
    "delay",
    "group",
    "group_override",
    "group_weight",
    "use_group_scoring",
    "exclude_recursion",
    "prevent_recursion",
    "delay_until_recursion",
)
NULLS = frozenset({"case_sensitive", "priority"})  # that may be null as well
ENTRY: tuple[tuple[str, Any, bool], ...] = (
    ("name", str, False),
    ("keys", list, True),
    ("content", str, True),
    ("enabled", bool, True),
    ("constant", bool, False),
    ("selective", bool, False),
    ("secondary_keys", list, False),
    ("case_sensitive", bool, False),
    ("use_regex", bool, True),
    ("insertion_order", (int, float), True),
    ("priority", (int, float), False),
    ("position", str, False),
    ("comment", str, False),
)

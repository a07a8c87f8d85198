"""Lorebooks on their own, in and out: SillyTavern's world info, V3's `lorebook_v3`, NovelAI, Agnai, RisuAI.

A file is recognised by what it holds. Its entries become a card's entries, so that everything after is the
same for all of them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from characters import content
from characters import field_limits as limits_of_fields
from characters.cards import card_limits, mapping, values, world_info
from characters.cards.giving import give_entry
from characters.cards.json_text import as_utf8, parse
from characters.exceptions import CardRefused
from characters.lore import advice, lorebook_of, merged
from characters.models import Character, Lorebook
from characters.report import Report
from characters.versions import publishing, shared_books

Json = dict[str, Any]
LOREBOOK_V3 = "lorebook_v3"
FORMATS = ("lorebook-v3", "world-info")
V3_KEYS = ("keys", "content")


@dataclass
class Book:
    """A lorebook that was read. `settings` are the character's fields that it sets, if it says something."""

    kind: str  # whose, as an editor calls it
    name: str = ""
    settings: Json = field(default_factory=dict)
    entries: list[Json] = field(default_factory=list)  # as `mapping.take_entry` gives them
    notes: list[str] = field(default_factory=list)


def _items(given: Any) -> list[Json]:
    """Entries in a list, or in an object that numbers them."""
    found = list(given.values()) if isinstance(given, dict) else given
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def kind_of(data: Mapping[str, Any]) -> str:
    """Whose lorebook a file's JSON is, '' if it is none."""
    if data.get("spec") == LOREBOOK_V3:
        return gettext_noop("Character Card V3")
    if data.get("kind") == "memory" and isinstance(data.get("entries"), list):
        return "Agnai"
    if "lorebookVersion" in data and isinstance(data.get("entries"), list):
        return "NovelAI"
    if data.get("type") == "risu" and isinstance(data.get("data"), list):
        return "RisuAI"
    if "data" in data or "first_mes" in data or "char_name" in data:
        return ""
    entries = _items(data.get("entries"))
    if any("key" in entry and "content" in entry for entry in entries):
        return "SillyTavern"
    return gettext_noop("a card") if any("keys" in entry and "content" in entry for entry in entries) else ""


def _rest(given: Json, *understood: str) -> Json:
    """What an entry has besides: a second copy of its words would outlast an edit of them."""
    return {name: value for name, value in given.items() if name not in understood}


def as_card_book(given: Json) -> Json:
    """Agnai's memory book, within a character of it, as a card's lorebook."""
    entries = [_agnai(entry, number) for number, entry in enumerate(_items(given.get("entries")))]
    return {"name": values.text(given.get("name")), "extensions": {}, "entries": entries}


def _novelai(given: Json, number: int) -> Json:
    config = mapping.object_of(given.get("contextConfig"))
    return {
        "name": given.get("displayName", ""),
        "keys": values.whole_texts(given.get("keys")),
        "content": given.get("text", ""),
        "enabled": values.flag(given.get("enabled")) is not False,
        "constant": values.flag(given.get("forceActivation")) is True,
        "insertion_order": values.number(config.get("budgetPriority")) or 0,
        "use_regex": False,
        "extensions": {"novelai": _rest(given, "displayName", "keys", "text", "enabled", "forceActivation")},
    }


def _agnai(given: Json, number: int) -> Json:
    return {
        "name": given.get("name", ""),
        "keys": values.whole_texts(given.get("keywords")),
        "content": given.get("entry", ""),
        "enabled": values.flag(given.get("enabled")) is not False,
        "insertion_order": values.number(given.get("weight")) or 0,
        "priority": values.number(given.get("priority")),
        "use_regex": False,
        "extensions": {"agnai": _rest(given, "name", "keywords", "entry", "enabled", "weight", "priority")},
    }


def _risuai(given: Json, number: int) -> Json:
    chance = values.number(given.get("activationPercent"))
    extensions: Json = {"risuai": _rest(given, "comment", "key", "secondkey", "content")}
    if chance is not None:
        extensions["probability"] = chance
    return {
        "name": given.get("comment", ""),
        "keys": values.texts(given.get("key")),
        "secondary_keys": values.texts(given.get("secondkey")),
        "content": given.get("content", ""),
        "enabled": given.get("mode") != "folder",
        "constant": values.flag(given.get("alwaysActive")) is True or given.get("mode") == "constant",
        "selective": values.flag(given.get("selective")) is True,
        "insertion_order": given.get("insertorder"),  # 0 is a number, too
        "use_regex": values.flag(given.get("useRegex")) is True,
        "extensions": extensions,
    }


CONVERTERS: Mapping[str, Callable[[Json, int], Json]] = {
    "SillyTavern": world_info.entry_of,
    "NovelAI": _novelai,
    "Agnai": _agnai,
    "RisuAI": _risuai,
}


def read(data: bytes) -> Book:
    """The lorebook in a file's bytes. Raises CardRefused with a reason that a person understands."""
    data = as_utf8(data)
    if len(data) > card_limits.FILE_BYTES or not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        raise CardRefused(_("This is no lorebook: a lorebook is a JSON file."))
    given = parse(data)
    kind = kind_of(given)
    if not kind:
        if given.get("spec") in (mapping.V2, mapping.V3):
            raise CardRefused(_("This is a character card: import it as a character."))
        raise CardRefused(_("This JSON is no lorebook: it has no entries with keys and words."))
    whole = mapping.object_of(given["data"]) if kind == "Character Card V3" else given
    told = Report()
    raw = values.entries_of(given["data"] if kind == "RisuAI" else whole.get("entries"), told)
    if len(raw) > card_limits.LORE_ENTRIES:
        raise CardRefused(
            _("The lorebook has more than %(most)d entries.") % {"most": card_limits.LORE_ENTRIES}
        )
    convert = CONVERTERS.get(kind, lambda entry, number: entry)
    book = Book(_(kind), values.line(200)(whole.get("name")))
    book.entries = [mapping.take_entry(convert(entry, number)) for number, entry in enumerate(raw)]
    if not book.entries:
        raise CardRefused(_("The lorebook has no entries."))
    for entry in book.entries:
        for name, sentence in limits_of_fields.too_long(entry).items():
            title = f"“{entry['name'][:40]}”" if entry["name"] else _("an entry")
            raise CardRefused(
                _("The %(field)s of %(entry)s: %(limit)s")
                % {"field": limits_of_fields.named(name), "entry": title, "limit": sentence}
            )
    settings = mapping.settings_of(whole, told)
    book.notes += told.remarks
    book.settings = {name: value for name, value in settings.items() if value is not None}
    if kind == "NovelAI" and any(" & " in key for entry in book.entries for key in entry["keys"]):
        book.notes.append(
            _("Keys with “&” ask for several words at once in NovelAI; here they are looked for as they are.")
        )
    if kind == "SillyTavern" and any(mapping.object_of(entry.get("characterFilter")) for entry in raw):
        book.notes.append(_("Filters by character are kept and have no effect."))
    return book


@transaction.atomic
def add_to(owner: Character | Lorebook, book: Book, *, replace: bool = False) -> list[str]:
    """Adds a book's entries to a draft's, or to a shared lorebook, unless it is to `replace` those there.

    Gives sentences for the editor. Raises CardRefused.
    """
    there = [] if replace else content.entries_of(content.rows_of(owner).order_by("order", "pk"))
    entries = [*there, *book.entries]
    if len(entries) > card_limits.LORE_ENTRIES:
        raise CardRefused(
            _("The lorebook would have more than %(most)d entries.") % {"most": card_limits.LORE_ENTRIES}
        )
    for name, value in book.settings.items():
        if replace or getattr(owner, name) is None:
            setattr(owner, name, value)
    owner.full_clean(exclude=["avatar", "published"])
    owner.save()
    content.replace_lore(owner, entries)
    if isinstance(owner, Character):
        publishing.changed_draft(owner)
    else:
        shared_books.changed_book(owner)
    now = _now(owner)
    return [*book.notes, *advice(lorebook_of(now, now["lore"]))]


def _now(owner: Character | Lorebook) -> Json:
    """The rules and entries of a draft, those of its shared books among them, or of a shared book."""
    if isinstance(owner, Character):
        return merged(content.of(owner))
    whole = content.book_of(owner)
    return {**whole, "lore": whole["entries"]}


def export(owner: Character | Lorebook, form: str, *, private: bool = True) -> bytes:
    """A draft's lorebook, or a shared one, as a file in one of FORMATS."""
    now = _now(owner)
    entries = [give_entry(entry, mapping.V3, private=private) for entry in now["lore"]]
    name = f"{owner.name}'s lorebook" if isinstance(owner, Character) else owner.name
    whole: Json
    if form == "world-info":
        numbered = {str(n): world_info.given_as(entry, n) for n, entry in enumerate(entries)}
        whole = {"name": name, "entries": numbered}
    else:
        data: Json = {"name": name, "extensions": {}, "entries": entries}
        for key, setting in mapping.BOOK.items():
            if now[setting.field] is not None:
                data[key] = now[setting.field]
        whole = {"spec": LOREBOOK_V3, "data": data}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")

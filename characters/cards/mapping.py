"""Card mapping: which key of a card's JSON is which field of a character.

Whatever a card holds stays: the JSON that came is kept beside the fields, and an export lays the fields
over it. A field that nobody has touched gives back exactly what was there, so that a round trip changes
nothing; what the fields have no place for (other tools' extensions, assets, unknown keys) was never gone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from characters import field_limits
from characters.cards import card_limits, values
from characters.cards.json_text import dump
from characters.exceptions import CardRefused
from characters.field_limits import MEMORY_KINDS
from characters.lore import is_sillytavern
from characters.models import LANGUAGES, MEMORY_FIELDS, Character, LoreEntry
from characters.report import Report
from characters.text import is_visible

Json = dict[str, Any]
V2, V3 = "chara_card_v2", "chara_card_v3"
NOTE, NOTE_DEPTH = "depth_prompt", 4  # under `extensions`, and how deep it stands where it says nothing
CODES = frozenset(code for code, _name in LANGUAGES)
OURS = "greenroom"  # where our settings live under `extensions`
TOOLS = "tools"  # among these, left out of cards for strangers


@dataclass(frozen=True)
class Key:
    """One key of a card: the field it fills, how it is read, and the JSON type it should have."""

    field: str
    read: Callable[[Any], Any]
    kind: type = str


DATA: Mapping[str, Key] = {
    "name": Key("name", values.line(80)),
    "nickname": Key("nickname", values.line(80)),
    "description": Key("description", values.text),
    "personality": Key("personality", values.text),
    "scenario": Key("scenario", values.text),
    "first_mes": Key("greeting", values.text),
    "mes_example": Key("examples", values.text),
    "creator_notes": Key("about", values.text),
    "system_prompt": Key("system_prompt", values.text),
    "post_history_instructions": Key("post_history", values.text),
    "alternate_greetings": Key("alternate_greetings", values.whole_texts, list),
    "tags": Key("tags", values.texts, list),
    "creator": Key("creator", values.line(200)),
    "character_version": Key("creator_version", values.line(80)),
}
OPTIONAL = frozenset({"nickname"})  # keys that a card may lack
V3_ONLY = (
    "nickname",
    "assets",
    "creator_notes_multilingual",
    "source",
    "group_only_greetings",
    "creation_date",
    "modification_date",
)
OLD_NAMES = {  # of V1 as TavernAI and Pygmalion wrote it
    "char_name": "name",
    "char_persona": "description",
    "world_scenario": "scenario",
    "char_greeting": "first_mes",
    "example_dialogue": "mes_example",
    "creatorcomment": "creator_notes",
    "first_message": "first_mes",  # of JanitorAI
    "example_dialogs": "mes_example",
}
ROOT_ONLY = frozenset({"spec", "spec_version"})
MULTILINGUAL = "creator_notes_multilingual"
BOOK: Mapping[str, Key] = {
    "scan_depth": Key("lore_scan_depth", values.whole(field_limits.SCAN_DEPTH), int),
    "token_budget": Key("lore_token_budget", values.whole(field_limits.TOKEN_BUDGET), int),
    "recursive_scanning": Key("lore_recursive", values.flag, bool),
}
SETTINGS = (
    *MEMORY_FIELDS,
    "tagline",
    "language",
    "other_languages",
    "language_voices",
    "voice",
    "pronunciations",
    "voice_pitch",
    "voice_speed",
    "temperature",
    "reply_sentences",
    "speak_up_secs",
    "picks_up",
    "apology",
    "openers",
)
STAGES = ("stt", "llm", "tts", "speech_to_speech")
CASTING = tuple(f"{stage}_{what}" for stage in STAGES for what in ("provider", "model"))


@dataclass
class Taken:
    """What was found in a card's JSON. `fields` are those of `characters.content`, lore included."""

    fields: Json
    report: Report = field(default_factory=Report)
    says_language: bool = False


def data_of(card: Json) -> Json:
    """Where the card's fields are: under `data` since V2. Raises CardRefused for what is no card."""
    data = card.get("data")
    if isinstance(data, dict):
        return data
    if card.get("spec") in (V2, V3) and "data" in card:
        raise CardRefused(_("The card has no data."))
    flat = {name: value for name, value in card.items() if name not in ROOT_ONLY}  # V1, or V3 without `data`
    for old, name in OLD_NAMES.items():
        if old in flat:
            value = flat.pop(old)
            if flat.get(name) in (None, "", []):
                flat[name] = value
    if not flat.get("name"):
        raise CardRefused(_("This JSON is no character card: it names nobody."))
    return flat


def notes_of(data: Json) -> str:
    """The notes for people, in the house's language or the first there is."""
    notes = values.text(data.get("creator_notes"))
    if notes.strip():
        return notes
    languages = object_of(data.get(MULTILINGUAL))
    house = settings.LANGUAGE_CODE.split("-")[0]
    wanted = (languages.get(house), languages.get("en"), *languages.values())
    return next((text for text in map(values.text, wanted) if text.strip()), notes)


def take(card: Json) -> Taken:
    """The fields of a card of any version. Raises CardRefused."""
    data = data_of(card)
    taken = Taken({})
    for name, key in DATA.items():
        value = data.get(name)
        taken.fields[key.field] = key.read(value)
        if value is not None and not values.as_written(value, key.kind):
            taken.report.leave_out(values.wrong_kind(_title(key.field), key.kind))
    taken.fields["about"] = notes_of(data)
    if not is_visible(taken.fields["name"]):
        raise CardRefused(_("The card names nobody."))
    if isinstance(data.get("name"), str) and len(data["name"]) > 80:
        taken.report.leave_out(_("The name was shortened to 80 characters."))
    version = values.number(card.get("spec_version"))
    if version is not None and version > 3:
        taken.report.keep(
            _("The card follows version %(version)g of the specification; 3 is known here.")
            % {"version": version}
        )
    _take_book(data.get("character_book"), taken)
    if data.get("extensions") and not isinstance(data["extensions"], dict):
        taken.report.leave_out(_("What other applications keep in the card could not be read."))
    _take_note(object_of(data.get("extensions")).get(NOTE), taken)
    _take_ours(object_of(data.get("extensions")).get(OURS), taken)
    taken.fields["card"] = dump(card)
    return taken


def object_of(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _title(name: str) -> str:
    """What the form calls a field."""
    model_field: Any = Character._meta.get_field(name)
    return capfirst(_(str(model_field.verbose_name)))


def settings_of(book: Mapping[str, Any], report: Report) -> Json:
    """A lorebook's own settings by the character's fields; what is not taken as it is written is said."""
    found = {key.field: key.read(book.get(name)) for name, key in BOOK.items()}
    for name, key in BOOK.items():
        given, taken = book.get(name), found[key.field]
        if given is None or key.kind is bool or (taken is not None and taken == values.number(given)):
            continue
        words = {"field": _title(key.field), "given": str(given)[:20], "taken": taken}
        report.leave_out(
            _("%(field)s of the lorebook: %(given)s in the file is no number for it, and was left out.")
            % words
            if taken is None
            else _("%(field)s of the lorebook: %(given)s in the file, %(taken)d here.") % words
        )
    return found


def _take_book(book: Any, taken: Taken) -> None:
    if not isinstance(book, dict):
        if book is not None:
            taken.report.leave_out(_("The lorebook could not be read."))
        book = {}
    taken.fields |= settings_of(book, taken.report)
    entries = values.entries_of(book.get("entries"), taken.report)
    if len(entries) > card_limits.LORE_ENTRIES:
        raise CardRefused(
            _("The lorebook has more than %(most)d entries.") % {"most": card_limits.LORE_ENTRIES}
        )
    taken.fields["lore"] = [take_entry(entry) for entry in entries]


def take_entry(entry: Json) -> Json:
    """The fields of one lorebook entry."""
    extensions = object_of(entry.get("extensions"))
    by_sillytavern = is_sillytavern(entry)
    cases = (entry.get("case_sensitive"), extensions.get("case_sensitive"))
    case = next((case for case in (cases[::-1] if by_sillytavern else cases) if case is not None), None)
    position = entry.get("position")
    order = values.number(entry.get("insertion_order"))
    return {
        "name": values.line(200)(entry.get("name")),
        "keys": values.texts(entry.get("keys", entry.get("key"))),
        "content": values.text(entry.get("content")),
        "enabled": values.flag(entry.get("enabled")) is not False,
        "constant": bool(values.flag(entry.get("constant"))),
        "selective": bool(values.flag(entry.get("selective"))),
        "secondary_keys": values.texts(entry.get("secondary_keys")),
        "case_sensitive": values.flag(case),
        "whole_words": values.flag(extensions.get("match_whole_words")),
        # SillyTavern says so of every entry, and means keys as /pattern/flags, which are patterns anyway.
        "use_regex": bool(values.flag(entry.get("use_regex"))) and not by_sillytavern,
        "insertion_order": 100.0 if order is None else order,
        "priority": values.number(entry.get("priority")),
        "position": position if position in LoreEntry.Position.values else "",
        "comment": values.text(entry.get("comment")),
        "rest": dump(entry),
    }


def note_of(given: Any) -> Json:
    """The fields of SillyTavern's “character's note” (depth prompt)."""
    note = object_of(given)
    depth, role = values.whole(1000)(note.get("depth")), note.get("role")
    return {
        "depth_prompt": values.text(note.get("prompt")),
        "depth_prompt_depth": NOTE_DEPTH if depth is None else depth,
        "depth_prompt_role": role if role in ("system", "user", "assistant") else "system",
    }


def _take_note(given: Any, taken: Taken) -> None:
    taken.fields |= note_of(given)


def _take_ours(ours: Any, taken: Taken) -> None:
    """Our own settings, each only if our form would take it. No paths of classes are taken from strangers."""
    given = object_of(ours)
    if given.get(TOOLS):  # a card without leaves those that are there
        taken.fields[TOOLS] = values.tools(given[TOOLS], taken.report)
    for name in (*SETTINGS, *CASTING):
        model_field: Any = Character._meta.get_field(name)
        value = taken.fields[name] = model_field.get_default()
        asked = given.get(name)
        if asked is None:
            continue
        asked = _read_as(value, model_field)(asked)
        allowed = name != "language" or asked in CODES
        if asked is None or not allowed or (name.endswith("_provider") and "." in str(asked)):
            taken.report.leave_out(
                _("%(field)s: the file asks for what cannot be chosen here; it is as usual.")
                % {"field": _title(name)}
            )
            continue
        taken.fields[name] = values.within(model_field, asked)
        taken.says_language |= name == "language"


def _read_as(usual: Any, model_field: Any) -> Callable[[Any], Any]:
    """How a setting is read whose usual value is of that type."""
    if isinstance(usual, bool):
        return values.flag
    if isinstance(usual, list):
        return values.codes(MEMORY_KINDS if model_field.name == "memory_kinds" else CODES)
    if isinstance(usual, dict):
        return values.voices(CODES)
    if model_field.name == "pronunciations":
        return values.pronunciations(model_field.max_length)
    if model_field.name == "openers":
        return values.lines(model_field.max_length)
    return values.line(model_field.max_length or 200) if isinstance(usual, str) else values.number

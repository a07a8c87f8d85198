"""The content of a character: what a version keeps, and how it comes out of the draft and back into it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import FloatField

from characters.models import Character, LoreEntry
from characters.spec import DRAFT, CharacterSpec

FIELDS = (
    "name",
    "nickname",
    "tagline",
    "about",
    "tags",
    "creator",
    "creator_version",
    "system_prompt",
    "description",
    "personality",
    "scenario",
    "post_history",
    "greeting",
    "alternate_greetings",
    "examples",
    "reply_sentences",
    "temperature",
    "speak_up_secs",
    "picks_up",
    "apology",
    "language",
    "voice",
    "voice_pitch",
    "voice_speed",
    "stt_provider",
    "stt_model",
    "llm_provider",
    "llm_model",
    "tts_provider",
    "tts_model",
    "lore_scan_depth",
    "lore_token_budget",
    "lore_recursive",
    "card",
)
# Fields that older versions do not have: left out where they are as in a new character, so that digests stay.
LATER = {"speak_up_secs": None, "picks_up": True, "apology": ""}
LORE_FIELDS = (
    "name",
    "keys",
    "content",
    "enabled",
    "constant",
    "selective",
    "secondary_keys",
    "case_sensitive",
    "whole_words",
    "use_regex",
    "insertion_order",
    "priority",
    "position",
    "comment",
    "rest",
)
Content = dict[str, Any]


def _plain(row: Character | LoreEntry, name: str) -> Any:
    """A field's value as the database gives it back, so that 1 and 1.0 do not pass for a change."""
    value = getattr(row, name)
    return float(value) if isinstance(row._meta.get_field(name), FloatField) and value is not None else value


def lore_of(entry: LoreEntry) -> Content:
    return {name: _plain(entry, name) for name in LORE_FIELDS}


NEW_LORE: Content = lore_of(LoreEntry())  # an entry in which nothing is filled in


def of(character: Character, lore: list[Content] | None = None) -> Content:
    """The content of the draft as it stands; `lore` instead of what is stored, for what is being edited."""
    if lore is None:
        lore = [lore_of(entry) for entry in character.lore.all()] if character.pk else []
    fields = {name: _plain(character, name) for name in FIELDS}
    return {
        **{name: value for name, value in fields.items() if name not in LATER or value != LATER[name]},
        "avatar": character.avatar.name or "",
        "lore": lore,
    }


def digest_of(content: Mapping[str, Any]) -> str:
    """The same for the same content, whatever the order of its keys."""
    plain = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def draft_spec(character: Character, lore: list[Content] | None = None) -> CharacterSpec:
    """The spec of the draft."""
    return CharacterSpec.of(character.slug, DRAFT, of(character, lore))


def note_draft(character: Character) -> None:
    """Remembers what the draft comes to, so that lists can tell it from what is published."""
    digest = digest_of(of(character))
    if digest != character.digest:
        character.digest = digest
        Character.objects.filter(pk=character.pk).update(digest=digest)


@transaction.atomic
def put_back(character: Character, content: Mapping[str, Any]) -> None:
    """Makes a version's content the draft again, lorebook included."""
    for name in FIELDS:
        setattr(character, name, content.get(name, LATER[name]) if name in LATER else content[name])
    character.avatar.name = content["avatar"]
    character.full_clean(exclude=["avatar", "published"])
    character.save()
    replace_lore(character, content["lore"])
    note_draft(character)


def replace_lore(character: Character, entries: list[Content]) -> None:
    """Makes `entries` the character's lorebook, in their order."""
    character.lore.all().delete()
    LoreEntry.objects.bulk_create(
        LoreEntry(character=character, order=number, **entry) for number, entry in enumerate(entries)
    )

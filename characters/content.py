"""The content of a character: what a version keeps, and how it comes out of the draft and back into it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import FloatField, QuerySet

from characters.lore import RULES, merged
from characters.models import (
    MEMORY_FIELDS,
    Character,
    Document,
    Lorebook,
    LoreEntry,
    SharedLorebook,
    memory_defaults,
)
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
    "depth_prompt",
    "depth_prompt_depth",
    "depth_prompt_role",
    "greeting",
    "alternate_greetings",
    "examples",
    "reply_sentences",
    "temperature",
    "speak_up_secs",
    "picks_up",
    "apology",
    "openers",
    "language",
    "other_languages",
    "language_voices",
    "voice",
    "pronunciations",
    "voice_pitch",
    "voice_speed",
    "stt_provider",
    "stt_model",
    "llm_provider",
    "llm_model",
    "tts_provider",
    "tts_model",
    "speech_to_speech_provider",
    "speech_to_speech_model",
    *MEMORY_FIELDS,
    "lore_scan_depth",
    "lore_token_budget",
    "lore_recursive",
    "tools",
    "card",
)
# Fields that older versions do not have: left out where they are as in a new character, so that digests stay.
LATER: dict[str, Any] = {
    "speak_up_secs": None,
    "picks_up": True,
    "apology": "",
    "openers": "",
    "depth_prompt": "",
    "depth_prompt_depth": 4,
    "depth_prompt_role": "system",
    "other_languages": [],
    "language_voices": {},
    **memory_defaults(),
    "pronunciations": "",
    "tools": [],
    "speech_to_speech_provider": "",
    "speech_to_speech_model": "",
}
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


def entries_of(rows: QuerySet[LoreEntry]) -> list[Content]:
    """Stored entries, in their order, each with the `uid` that it has in every version."""
    return [{**row, "uid": str(row["uid"])} for row in rows.values(*LORE_FIELDS, "uid")]


def book_of(book: Lorebook) -> Content:
    """A shared lorebook as versions keep it."""
    return {
        "uid": str(book.uid),
        "name": book.name,
        **{rule: getattr(book, rule) for rule in RULES},
        "entries": entries_of(book.entries.all()),
    }


def books_of(character: Character) -> list[Content]:
    """The shared lorebooks of a character, in their order."""
    shared = character.shared.select_related("book") if character.pk else ()
    return [book_of(use.book) for use in shared]


def documents_of(character: Character) -> list[Content]:
    """The documents of a character as versions keep them: by the SHA-256 of their files."""
    found = character.documents.order_by("pk") if character.pk else Document.objects.none()
    return [{"sha256": row.sha256, "name": row.file_name} for row in found.only("sha256", "file_name")]


def of(
    character: Character, lore: list[Content] | None = None, books: list[Content] | None = None
) -> Content:
    """The content of the draft as it stands; with `lore`, this and `books` instead of what is stored."""
    if lore is None:
        lore, books = entries_of(character.lore.all()) if character.pk else [], books_of(character)
    fields = {name: _plain(character, name) for name in FIELDS}
    documents = documents_of(character)
    return {
        **{name: value for name, value in fields.items() if name not in LATER or value != LATER[name]},
        "avatar": character.avatar.name or "",
        "lore": lore,
        **({"books": books} if books else {}),  # older versions have none, and digests stay
        **({"documents": documents} if documents else {}),
    }


def _unmarked(entries: list[Content]) -> list[Content]:
    return [{name: value for name, value in entry.items() if name != "uid"} for entry in entries]


def digest_of(content: Mapping[str, Any]) -> str:
    """The same for the same content, whatever the order of its keys, and whoever its entries are."""
    said = {**content, "lore": _unmarked(content["lore"])}
    if "books" in content:
        said["books"] = [{**book, "entries": _unmarked(book["entries"])} for book in content["books"]]
    plain = json.dumps(said, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def draft_spec(
    character: Character, lore: list[Content] | None = None, books: list[Content] | None = None
) -> CharacterSpec:
    """The spec of the draft."""
    return CharacterSpec.of(character.slug, DRAFT, of(character, lore, books))


def note_draft(character: Character) -> None:
    """Remembers what the draft comes to, so that lists can tell it from what is published."""
    digest = digest_of(of(character))
    if digest != character.digest:
        character.digest = digest
        Character.objects.filter(pk=character.pk).update(digest=digest)


@transaction.atomic
def put_back(character: Character, content: Mapping[str, Any]) -> None:
    """Makes a version's content the draft again, lorebook included.

    A shared lorebook is shared again if it is still as the version has it. Of one that has changed, the
    entries of then become the character's own: others use the book as it is now. A document that was deleted
    meanwhile stays away.
    """
    for name in FIELDS:
        setattr(character, name, content.get(name, LATER[name]) if name in LATER else content[name])
    character.avatar.name = content["avatar"]
    character.full_clean(exclude=["avatar", "published"])
    character.save()
    same, entries = [], list(content["lore"])
    for kept in content.get("books", ()):
        book = Lorebook.objects.filter(uid=kept["uid"]).first()
        if book and _told(book_of(book)) == _told(kept):
            same.append(book)
        else:
            entries += kept["entries"]
            for rule, value in merged(content).items():
                if rule in RULES:
                    setattr(character, rule, value)
    character.save()
    share(character, same)
    kept = [document["sha256"] for document in content.get("documents", ())]
    character.documents.set(Document.objects.filter(sha256__in=kept))
    replace_lore(character, entries)
    note_draft(character)


def _told(book: Content) -> Content:
    """What a shared lorebook does, whatever it is called."""
    return {**{rule: book[rule] for rule in RULES}, "entries": _unmarked(book["entries"])}


def share(character: Character, books: list[Lorebook]) -> None:
    """Makes these the shared lorebooks of a character, in their order."""
    character.shared.all().delete()
    SharedLorebook.objects.bulk_create(
        SharedLorebook(character=character, book=book, order=order) for order, book in enumerate(books)
    )


def replace_lore(owner: Character | Lorebook, entries: list[Content]) -> None:
    """Makes `entries` the lorebook of a character, or a shared one, in their order.

    Rows stay what they are: an entry is known by its `uid`, one without by what it says.
    """
    rows = list(rows_of(owner))
    by_uid = {str(row.uid): row for row in rows}
    known: dict[int, LoreEntry] = {}
    for place, entry in enumerate(entries):
        if row := by_uid.pop(str(entry.get("uid")), None):
            known[place] = row
    left: dict[str, list[LoreEntry]] = {}
    for row in by_uid.values():
        left.setdefault(_said(lore_of(row)), []).append(row)
    for place, entry in enumerate(entries):
        if place not in known and (same := left.get(_said(entry))):
            known[place] = same.pop(0)
    new, changed = [], []
    for place, entry in enumerate(entries):
        fields = {name: entry[name] for name in LORE_FIELDS}
        found = known.get(place)
        if found is None:
            kept = {"uid": entry["uid"]} if "uid" in entry else {}
            new.append(LoreEntry(**owned_by(owner), order=place, **kept, **fields))
        elif found.order != place or lore_of(found) != fields:
            found.revision += lore_of(found) != fields
            found.order = place
            for name, value in fields.items():
                setattr(found, name, value)
            changed.append(found)
    kept_rows = {row.pk for row in known.values()}
    rows_of(owner).exclude(pk__in=kept_rows).delete()
    LoreEntry.objects.bulk_update(changed, [*LORE_FIELDS, "order", "revision"], batch_size=200)
    LoreEntry.objects.bulk_create(new)


def _said(entry: Mapping[str, Any]) -> str:
    return json.dumps({name: entry[name] for name in LORE_FIELDS}, sort_keys=True)


def owned_by(owner: Character | Lorebook) -> dict[str, Any]:
    """The field of an entry that says whose it is."""
    return {"character": owner} if isinstance(owner, Character) else {"book": owner}


def rows_of(owner: Character | Lorebook) -> QuerySet[LoreEntry]:
    """The entries of a character's own lorebook, or of a shared one."""
    return LoreEntry.objects.filter(**owned_by(owner))

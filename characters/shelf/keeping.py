"""Giving documents to characters and taking them away: each is a change of the draft, to be published."""

import hashlib
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from characters.models import Character, Document
from characters.shelf.unused import delete_unused
from characters.signals import document_deleted
from characters.text import Reason, because, cleaned
from characters.versions import publishing

NAME_CHARACTERS = 200
MEGABYTE = 1024 * 1024


class DocumentRefused(ValueError):
    """A character does not get a document. The text says why, in the reader's language."""

    def __init__(self, reason: Reason):
        self.reason = reason
        super().__init__(reason.template)

    def __str__(self) -> str:
        return str(self.reason)


def most_bytes() -> int:
    """How large a file may be."""
    return int(settings.DOCUMENT_MAX_MEGABYTES) * MEGABYTE


def room(character: Character) -> int:
    """How many pieces of further documents a character may have."""
    has = character.documents.aggregate(pieces=Sum("piece_count"))["pieces"] or 0
    return max(0, int(settings.DOCUMENT_PIECES_PER_CHARACTER) - has)


@transaction.atomic
def give(character: Character, name: str, data: bytes, *, by: Any = None) -> Document:
    """Gives a file to a character; it is read beside everything else. Raises DocumentRefused.

    One that is on the shelf already is shared, and not read again unless it failed.
    """
    if len(data) > most_bytes():
        raise DocumentRefused(
            because(
                "It is larger than {megabytes} MB. Split it into several files.",
                megabytes=settings.DOCUMENT_MAX_MEGABYTES,
            )
        )
    if not data.strip():
        raise DocumentRefused(because("It is empty."))
    name = cleaned(name).strip()[-NAME_CHARACTERS:] or "document"
    document, new = Document.objects.defer("original").get_or_create(
        sha256=hashlib.sha256(data).hexdigest(),
        defaults={"title": name, "file_name": name, "size": len(data), "original": data, "added_by": by},
    )
    if not new and document.state == Document.State.FAILED:
        again = {"original": data, "state": Document.State.WAITING, "trouble": None}
        Document.objects.filter(pk=document.pk).update(**again)
        document.refresh_from_db(fields=["state", "trouble"])
    share(character, document)
    return document


@transaction.atomic
def share(character: Character, document: Document) -> None:
    """Lets a character have a document that is there. Raises DocumentRefused."""
    locked = Character.objects.select_for_update(no_key=True).get(pk=character.pk)
    if locked.documents.filter(pk=document.pk).exists():
        return
    if locked.documents.count() >= settings.DOCUMENTS_PER_CHARACTER:
        raise DocumentRefused(
            because(
                "{name} has {most} documents, and no more are kept: take one away first.",
                name=locked.name,
                most=settings.DOCUMENTS_PER_CHARACTER,
            )
        )
    document.refresh_from_db(fields=["piece_count"])
    if document.piece_count > room(locked):
        raise DocumentRefused(
            because(
                "It is too long for {name}: of all its documents together, {most} pieces are kept.",
                name=locked.name,
                most=settings.DOCUMENT_PIECES_PER_CHARACTER,
            )
        )
    locked.documents.add(document)
    publishing.changed_draft(locked)


@transaction.atomic
def take_away(character: Character, document: Document) -> None:
    """The draft has it no more; a document that no draft and no version has is deleted."""
    locked = Character.objects.select_for_update(no_key=True).get(pk=character.pk)
    locked.documents.remove(document)
    publishing.changed_draft(locked)
    delete_unused([document.pk])


@transaction.atomic
def delete(document: Document) -> None:
    """Deletes a document for good, whoever has it: versions that name it do without it from now on."""
    users = list(Character.objects.select_for_update(no_key=True).filter(documents=document).order_by("pk"))
    document_deleted.send(Document, sha256=document.sha256)
    document.delete()
    for character in users:
        publishing.changed_draft(character)
        if character.published:
            publishing.announce(character.slug, character.published.number)

"""Documents as files of a CHARX: the pieces they were read into, not the original.

What such a file says of itself is not believed: a stranger's card could else put its own words in place of
a document that is given later. It is known by the SHA-256 of its own bytes, and shares a document that is on
the shelf only where every word is the same.
"""

import hashlib
import json
from typing import Any

from django.conf import settings
from django.db import transaction

from characters.models import Character, Document, DocumentPiece
from characters.shelf.keeping import DocumentRefused, room, share
from characters.text import because, cleaned

FOLDER = "greenroom/documents/"
FILE_BYTES = 8 * 1024 * 1024  # of one of them, as for all files of a card
FILES_BYTES = 24 * 1024 * 1024
TEXT_CHARACTERS, HEADING_CHARACTERS, NAME_CHARACTERS = 8000, 500, 200
DAMAGED = because("It is damaged. Save it again, or take another copy.")


def packed(character: Character) -> tuple[dict[str, bytes], int]:
    """The files of its documents by path, and how many were left out: not read yet, failed, or too large."""
    files: dict[str, bytes] = {}
    left, size = 0, 0
    for document in character.documents.defer("original").order_by("pk"):
        data = _packed(document) if document.piece_count else b""
        if not data or len(data) > FILE_BYTES or size + len(data) > FILES_BYTES:
            left += 1
            continue
        size += len(data)
        files[f"{FOLDER}{document.sha256}.json"] = data
    return files, left


def _packed(document: Document) -> bytes:
    told = {
        "title": document.title,
        "name": document.file_name,
        "kind": document.kind,
        "sha256": document.sha256,
        "pieces": _pieces(document),
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _pieces(document: Document) -> list[list[str]]:
    return [list(pair) for pair in document.pieces.order_by("order").values_list("heading", "text")]


@transaction.atomic
def unpack(character: Character, data: bytes) -> Document:
    """Gives a document out of such a file to a character. Raises DocumentRefused."""
    title, name, kind, claimed, pieces = _checked(data)
    same = Document.objects.defer("original").filter(sha256=claimed).first()
    if same is not None and _pieces(same) == pieces:
        share(character, same)
        return same
    if len(pieces) > room(character):
        most = settings.DOCUMENT_PIECES_PER_CHARACTER
        raise DocumentRefused(
            because(
                "It is too long for {name}: of all its documents together, {most} pieces are kept.",
                name=character.name,
                most=most,
            )
        )
    document, new = Document.objects.defer("original").get_or_create(
        sha256=hashlib.sha256(data).hexdigest(),
        defaults={
            "title": title,
            "file_name": name,
            "kind": kind,
            "size": len(data),
            "state": Document.State.EMBEDDING,
            "piece_count": len(pieces),
        },
    )
    if new:
        DocumentPiece.objects.bulk_create(
            (
                DocumentPiece(document=document, order=order, heading=heading, text=text)
                for order, (heading, text) in enumerate(pieces)
            ),
            batch_size=500,
        )
    share(character, document)
    return document


def _checked(data: bytes) -> tuple[str, str, str, str, list[list[str]]]:
    """What a file says, in bounds; raises DocumentRefused of one that is none."""
    try:
        told: Any = json.loads(data)
        title, name, kind, claimed = (told[key] for key in ("title", "name", "kind", "sha256"))
        pieces = [
            [cleaned(heading)[:HEADING_CHARACTERS], cleaned(text)[:TEXT_CHARACTERS]]
            for heading, text in told["pieces"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DocumentRefused(DAMAGED) from error
    if not pieces or not all(isinstance(one, str) for one in (title, name, kind, claimed)):
        raise DocumentRefused(DAMAGED)
    name = cleaned(name).strip()[:NAME_CHARACTERS] or "document"
    return cleaned(title).strip()[:NAME_CHARACTERS] or name, name, cleaned(kind)[:20], claimed[:64], pieces

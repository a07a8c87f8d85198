"""Card export: a character as JSON, PNG or CHARX, for every tool that reads one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import ngettext

from characters import content, shelf
from characters.cards import charx, giving, mapping, png
from characters.cards.exporting.files import Files
from characters.cards.json_text import parse
from characters.lore import merged
from characters.models import Character

FORMATS: Mapping[str, str] = {
    "v3-png": "Picture with the card in it, V3 and V2 (PNG)",
    "v2-png": "Picture with the card in it, V2 (PNG)",
    "v3-charx": "With all its files, V3 (CHARX)",
    "v3-json": "Text only, V3 (JSON)",
    "v2-json": "Text only, V2 (JSON)",
}
BACKFILLED = (
    "This character card is Character Card V3, but it is loaded as a Character Card V2. "
    "Use an application that reads V3 to get all of it."
)


@dataclass(frozen=True)
class Exported:
    """A file: its name, its content type, its bytes, and what it could not hold."""

    name: str
    content_type: str
    data: bytes
    notes: tuple[str, ...] = ()


def _dump(card: dict[str, Any]) -> bytes:
    return json.dumps(card, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")


def export(character: Character, form: str, *, private: bool = True) -> Exported:
    """The draft as a card, `form` being one of FORMATS; without `private` what is its makers' alone is out.

    Raises KeyError for an unknown format.
    """
    FORMATS[form]
    version, _, kind = form.partition("-")
    now, came = merged(content.of(character)), parse(character.card.encode())
    spec = mapping.V3 if version == "v3" else mapping.V2
    card = giving.give(now, came, spec, private=private)
    name = f"{character.slug}.{kind}"
    files, left = (
        shelf.packed(character) if kind == "charx" and private else ({}, character.documents.count())
    )
    if kind == "json":
        notes = [*Files(character).for_text(card), *_without(left)]
        return Exported(name, "application/json", _dump(card), tuple(notes))
    rows = Files(character)
    if kind == "charx":
        own, notes = rows.for_charx(card, private=private)
        data = charx.write(_dump(card), {**own, **files})
        return Exported(name, "application/zip", data, (*notes, *_without(left)))
    texts: dict[str, bytes] = {}
    inside: dict[str, bytes] = {}
    if spec == mapping.V3:
        inside, notes = rows.for_png(card)
        texts["ccv3"] = _dump(card)
        older = giving.give(now, came, mapping.V2, private=private)
        older["data"]["creator_notes"] = f"{BACKFILLED}\n\n{older['data']['creator_notes']}".strip()
        texts["chara"] = _dump(older)
    else:
        notes = rows.for_text(card)
        texts["chara"] = _dump(card)
    return Exported(name, "image/png", png.write(rows.picture(), texts, inside), (*notes, *_without(left)))


def _without(documents: int) -> list[str]:
    """What is said of documents that a file does not hold."""
    if not documents:
        return []
    return [
        ngettext(
            "%(count)d document was left out: a CHARX file with everything has those that have been read.",
            "%(count)d documents were left out: a CHARX file with everything has those that have been read.",
            documents,
        )
        % {"count": documents}
    ]

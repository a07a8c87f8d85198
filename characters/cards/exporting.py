"""Card export: a character as JSON, PNG or CHARX, for every tool that reads one."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.files.storage import default_storage
from PIL import Image, ImageDraw

from characters import content
from characters.cards import charx, giving, mapping, png
from characters.cards.json_text import parse
from characters.lore import merged
from characters.models import Character
from characters.portraits import opened

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
PLAIN_SIZE, PLAIN_COLOUR = 512, "#17201b"


@dataclass(frozen=True)
class Exported:
    """A file: its name, its content type, its bytes, and what it could not hold."""

    name: str
    content_type: str
    data: bytes
    notes: tuple[str, ...] = ()


def _dump(card: dict[str, Any]) -> bytes:
    return json.dumps(card, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")


def _picture(character: Character) -> bytes:
    """The card's picture as PNG: the one it came in while it is still the portrait, else the portrait."""
    original = character.assets.filter(path="").first()
    if original and original.portrait == (character.avatar.name or ""):
        return bytes(original.data)
    out = io.BytesIO()
    if character.avatar:
        with default_storage.open(str(character.avatar.name)) as file, opened(file) as portrait:
            portrait.convert("RGB").save(out, "PNG")
    else:
        blank = Image.new("RGB", (PLAIN_SIZE, PLAIN_SIZE), PLAIN_COLOUR)
        ImageDraw.Draw(blank).ellipse((96, 96, 416, 416), outline="#d9a441", width=8)
        blank.save(out, "PNG")
    return out.getvalue()


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
    if kind == "json":
        return Exported(name, "application/json", _dump(card))
    files = {asset.path: bytes(asset.data) for asset in character.assets.exclude(path="")}
    mark = png.STORED
    inside = {path.removeprefix(mark): data for path, data in files.items() if path.startswith(mark)}
    loose = {path: data for path, data in files.items() if not path.startswith(mark)}
    if kind == "charx":
        return _charx(name, card, loose, character)
    texts: dict[str, bytes] = {}
    if spec == mapping.V3:
        texts["ccv3"] = _dump(card)
        older = giving.give(now, came, mapping.V2, private=private)
        older["data"]["creator_notes"] = f"{BACKFILLED}\n\n{older['data']['creator_notes']}".strip()
        texts["chara"] = _dump(older)
    else:
        texts["chara"] = _dump(card)
    notes = (f"{len(loose)} files of the card fit into a CHARX only.",) if loose else ()
    return Exported(name, "image/png", png.write(_picture(character), texts, inside), notes)


def _charx(name: str, card: dict[str, Any], files: dict[str, bytes], character: Character) -> Exported:
    """All files, and the picture as the main icon if the card names no other within it."""
    found = card["data"].get("assets")
    listed = found if isinstance(found, list) else []
    icons = [asset for asset in listed if isinstance(asset, dict) and asset.get("type") == "icon"]
    if not any(str(asset.get("uri", "")).startswith(("embeded://", "data:")) for asset in icons):
        path = "assets/icon/images/main.png"
        files[path] = _picture(character)
        others = [asset for asset in listed if asset not in icons]
        icon = {"type": "icon", "uri": f"embeded://{path}", "name": "main", "ext": "png"}
        card["data"]["assets"] = [icon, *others]
    return Exported(name, "application/zip", charx.write(_dump(card), files))

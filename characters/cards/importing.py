"""Card import: a file is recognised by its content, bounded, and never followed to any address."""

import base64
import binascii
import re
import zipfile
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.text import slugify

from characters import content
from characters import field_limits as limits_of_fields
from characters.cards import card_limits, charx, json_text, lorebooks, mapping, png
from characters.exceptions import CardRefused
from characters.lore import advice, lorebook_of
from characters.models import Character, CharacterAsset
from characters.portraits import square, validate_portrait
from characters.versions import publishing

DATA_URL = re.compile(r"data:image/(?:png|jpeg|webp);base64,", re.IGNORECASE)
EMBEDDED = re.compile(r"embed(?:d)?ed://")  # the specification spells it with one d


@dataclass
class Card:
    """A card that was read, and may be stored."""

    fields: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    portrait: bytes | None = None
    picture: bytes | None = None  # the PNG that the card came in, without its text
    assets: dict[str, bytes] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.fields["name"])


def read(data: bytes) -> Card:
    """The card in a file's bytes. Raises CardRefused with a reason that a person understands."""
    if len(data) > card_limits.FILE_BYTES:
        raise CardRefused(f"The file is larger than {card_limits.FILE_BYTES // 1024 // 1024} MB.")
    if data.startswith(png.SIGNATURE):
        return _from_png(data)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _card(json_text.parse(data))
    if zipfile.is_zipfile(BytesIO(data)):
        text, files = charx.read(data)
        return _card(json_text.parse(text), assets=files)
    raise CardRefused("This is no character card: neither JSON nor PNG nor CHARX.")


def _from_png(data: bytes) -> Card:
    found = png.read(data)
    text = found.texts.get("ccv3") or found.texts.get("chara")  # the specification: V3 wins
    if text is None:
        raise CardRefused("This picture holds no character card.")
    assets = {f"{png.STORED}{path}": file for path, file in found.assets.items()}
    return _card(json_text.parse(text), picture=found.picture, assets=assets)


def _card(
    text: dict[str, Any], *, picture: bytes | None = None, assets: dict[str, bytes] | None = None
) -> Card:
    if kind := lorebooks.kind_of(text):
        raise CardRefused(
            f"This is a lorebook ({kind}) and no character: bring it into one by its “Lorebook file…”."
        )
    taken = mapping.take(text)
    taken.notes += advice(lorebook_of(taken.fields, taken.fields["lore"]))
    card = Card(taken.fields, taken.notes, picture=picture, assets=assets or {})
    source = _icon(mapping.data_of(text).get("assets"), card)
    if source is not None:
        try:
            file = ContentFile(source, name="portrait")
            validate_portrait(file)
            card.portrait = square(source).read()
        except ValidationError:
            card.notes.append("Its picture could not be read.")
    return card


def _icon(listed: Any, card: Card) -> bytes | None:
    """The main icon, if it is within the card. Addresses elsewhere are kept, and never asked."""
    icons = [
        asset
        for asset in (listed if isinstance(listed, list) else [])
        if isinstance(asset, dict) and asset.get("type") == "icon" and isinstance(asset.get("uri"), str)
    ]
    icons.sort(key=lambda asset: asset.get("name") != "main")
    for asset in icons:
        uri = asset["uri"]
        if uri.startswith("ccdefault:"):
            break
        if EMBEDDED.match(uri):
            return card.assets.get(EMBEDDED.sub("", uri, count=1))
        if uri.startswith(png.STORED):
            return card.assets.get(uri)
        if DATA_URL.match(uri):
            try:
                return base64.b64decode(DATA_URL.sub("", uri, count=1), validate=True)
            except (binascii.Error, ValueError):
                card.notes.append("Its picture could not be read.")
                return None
        card.notes.append("Its picture is elsewhere on the net and was not fetched.")
    return card.picture


def _free_slug(name: str) -> str:
    """An address that no character has, made of the name."""
    plain = slugify(name)[:40].strip("-") or "character"
    slug, number = plain, 2
    while Character.objects.filter(slug=slug).exists():
        slug, number = f"{plain}-{number}", number + 1
    return slug


def store(card: Card, slug: str = "") -> Character:
    """A new draft made of the card, at an address made of its name unless one is given."""
    return _store(card, Character(slug=slug or _free_slug(card.name)))


def update(card: Card, character: Character) -> Character:
    """Makes the card the draft of a character that is there."""
    return _store(card, character)


def _refuse_too_long(fields: dict[str, Any]) -> None:
    for name, sentence in limits_of_fields.too_long(fields).items():
        raise CardRefused(f"The card's {name.replace('_', ' ')} is too long. {sentence}")
    for entry in fields["lore"]:
        for name, sentence in limits_of_fields.too_long(entry).items():
            title = f"“{entry['name'][:40]}”" if entry["name"] else "an entry"
            raise CardRefused(f"The {name.replace('_', ' ')} of {title} of its lorebook: {sentence}")


@transaction.atomic
def _store(card: Card, character: Character) -> Character:
    _refuse_too_long(card.fields)
    for name, value in card.fields.items():
        if name != "lore":
            setattr(character, name, value)
    if card.portrait:
        character.avatar.save("portrait.webp", ContentFile(card.portrait), save=False)
    try:
        character.full_clean(exclude=["avatar", "published"])
    except ValidationError as error:
        raise CardRefused(f"The card does not fit: {' '.join(error.messages)}") from error
    character.save()
    content.replace_lore(character, card.fields["lore"])
    character.assets.all().delete()
    files = dict(card.assets)
    if card.picture:
        files[""] = card.picture
    CharacterAsset.objects.bulk_create(
        CharacterAsset(
            character=character,
            path=path,
            data=data,
            portrait=(character.avatar.name or "") if not path else "",
        )
        for path, data in files.items()
    )
    publishing.changed_draft(character)
    return character

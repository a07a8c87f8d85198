"""Files that are cut off or altered anywhere: taken as far as they go, or refused in a sentence."""

import io
import json
import random
import zipfile

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image

from characters import cards
from characters.cards import png
from characters.exceptions import CardRefused
from characters.portraits import square, validate_portrait

TRIES = 120  # of each kind of file
CARD = {
    "spec": "chara_card_v3",
    "spec_version": "3.0",
    "data": {
        "name": "Ada",
        "description": "An inventor. " * 20,
        "first_mes": "Oh good, you are here.",
        "assets": [{"type": "icon", "name": "main", "uri": "embeded://assets/icon.png", "ext": "png"}],
    },
}


def portrait(kind: str, side: int = 48) -> bytes:
    out = io.BytesIO()
    noise = Image.frombytes("RGB", (side, side), random.Random(1).randbytes(3 * side * side))
    noise.save(out, kind)
    return out.getvalue()


def archive(compression: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        file.writestr("card.json", json.dumps(CARD))
        file.writestr("assets/icon.png", portrait("PNG"))
    return out.getvalue()


def picture_card() -> bytes:
    text = json.dumps({**CARD, "data": {**CARD["data"], "assets": []}}).encode()
    return png.write(portrait("PNG"), {"ccv3": text})


CARDS = {
    "stored": archive(zipfile.ZIP_STORED),
    "deflated": archive(zipfile.ZIP_DEFLATED),
    "bzip2": archive(zipfile.ZIP_BZIP2),
    "lzma": archive(zipfile.ZIP_LZMA),
    "png": picture_card(),
    "json": json.dumps(CARD).encode(),
}


def damaged(data: bytes):
    """The file cut off, with some bytes changed, with a piece gone, and with a piece twice."""
    chance = random.Random(7)
    for number in range(TRIES):
        at = chance.randrange(len(data))
        until = min(len(data), at + chance.randrange(1, 64))
        yield (
            data[:at],
            data[:at] + chance.randbytes(chance.choice((1, 1, 1, 4))) + data[at + 1 :],
            data[:at] + data[until:],
            data[:until] + data[at:],
        )[number % 4]


@pytest.mark.parametrize("kind", CARDS)
def test_a_damaged_card_is_taken_or_refused(kind):
    assert cards.read(CARDS[kind]).name == "Ada"
    outcomes = set()
    for data in damaged(CARDS[kind]):
        try:
            outcomes.add(bool(cards.read(data).name))
        except CardRefused:
            outcomes.add("refused")
    assert "refused" in outcomes


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_damaged_portrait_is_taken_or_refused(kind):
    whole, refused = portrait(kind, 64), 0
    for data in (whole, *damaged(whole)):
        try:
            file = ContentFile(data, name="portrait")
            validate_portrait(file)
            assert square(data).size
        except ValidationError:
            refused += 1
    assert 0 < refused < TRIES + 1

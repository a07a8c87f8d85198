"""Of what somebody uploads, only the decoders of PNG, JPEG and WebP ever see anything (L19)."""

import ast
import base64
import io
import json
import struct
from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from characters import cards
from characters.models import Character
from characters.portraits.pictures import MAX_BYTES, MAX_SIDE, validate_portrait
from tests.characters.factory import make_character, picture
from tests.servers import ROOT

ALLOWED = {"PNG", "JPEG", "WEBP"}
OTHERS = ["GIF", "BMP", "TIFF", "PPM", "ICO", "TGA", "PCX", "SGI", "DDS", "JPEG2000", "ICNS", "PDF", "EPS"]


@pytest.fixture
def looked(monkeypatch) -> Iterator[set[str]]:
    """The decoders that were given a file, or its first bytes, to look at."""
    Image.init()
    found: set[str] = set()

    def watched(kind: str, opens, accepts):
        def open_it(*args):
            found.add(kind)
            return opens(*args)

        def accept(prefix):
            found.add(kind)
            return accepts(prefix) if accepts else True

        return open_it, accept

    for kind, (opens, accepts) in dict(Image.OPEN).items():
        monkeypatch.setitem(Image.OPEN, kind, watched(kind, opens, accepts))
    return found


def of_kind(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "#884422").save(out, kind)
    return out.getvalue()


def upload(client, data: bytes, name: str = "me.png"):
    desk = f"/admin/characters/character/{Character.objects.get().pk}/change/"
    form = client.get(desk).context["adminform"].form
    fields = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    said = {
        name: "" if value is None else form.fields[name].prepare_value(value)
        for name, value in fields.items()
    }
    return client.post(desk, {**said, "avatar": SimpleUploadedFile(name, data, "image/png")})


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["GIF", "TIFF", "EPS"])
def test_another_kind_is_refused_by_name_of_the_three(admin_client, looked, kind):
    make_character()
    answer = upload(admin_client, of_kind(kind))
    assert answer.status_code == 200
    assert "PNG, JPEG or WebP" in answer.context["adminform"].form.errors["avatar"][0]
    assert looked <= ALLOWED


@pytest.mark.django_db
@pytest.mark.parametrize("kind", sorted(ALLOWED))
def test_the_three_are_taken(admin_client, looked, kind):
    make_character()
    assert upload(admin_client, of_kind(kind), f"me.{kind.lower()}").status_code == 302
    assert looked <= ALLOWED
    with Image.open(Character.objects.get().avatar) as kept:
        assert (kept.format, kept.size) == ("WEBP", (768, 768))


@pytest.mark.django_db
def test_a_portrait_is_served_as_a_picture_and_nothing_else(admin_client, client):
    make_character()
    assert upload(admin_client, of_kind("PNG") + b"<script>alert(1)</script>").status_code == 302
    answer = client.get(Character.objects.get().avatar.url)
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    assert answer["Content-Security-Policy"] == "default-src 'none'"
    assert b"script" not in answer.content


@pytest.mark.parametrize("kind", OTHERS)
def test_nor_do_they_see_the_picture_of_a_card(looked, kind):
    uri = "data:image/png;base64," + base64.b64encode(of_kind(kind)).decode()
    data = {
        "name": "Ada",
        "first_mes": "Hi",
        "assets": [{"type": "icon", "name": "main", "uri": uri, "ext": "png"}],
    }
    card = cards.read(json.dumps({"spec": "chara_card_v3", "spec_version": "3.0", "data": data}).encode())
    assert card.portrait is None
    assert "Its picture could not be read." in card.notes
    assert looked <= ALLOWED


def webp_that_claims(side: int) -> bytes:
    """A file of 40 bytes whose header names a canvas of many pixels."""
    size = struct.pack("<I", side - 1)[:3]
    body = (
        b"VP8X"
        + struct.pack("<I", 10)
        + b"\x02\0\0\0"
        + size
        + size
        + b"ANIM"
        + struct.pack("<I", 6)
        + bytes(6)
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def png_that_claims(side: int) -> bytes:
    data = bytearray(picture((8, 8)))
    data[16:24] = struct.pack(">II", side, side)
    return bytes(data)


def jpeg_that_claims(side: int) -> bytes:
    data = bytearray(picture((8, 8), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", side, side)
    return bytes(data)


@pytest.mark.parametrize("claims", [png_that_claims, jpeg_that_claims, webp_that_claims])
@pytest.mark.parametrize("side", [MAX_SIDE + 1, 16_383])
def test_pixels_are_bounded_before_a_decoder_begins(looked, claims, side):
    with pytest.raises(ValidationError, match=str(MAX_SIDE)):
        validate_portrait(ContentFile(claims(side), name="me.png"))
    assert not looked, "its header says so: nothing else is read"


def test_bytes_are_bounded_before_that(looked):
    with pytest.raises(ValidationError, match="5 MB"):
        validate_portrait(ContentFile(picture() + bytes(MAX_BYTES), name="me.png"))
    assert not looked


def test_pictures_are_opened_in_one_place_only():
    opened = [
        str(path.relative_to(ROOT))
        for app in ("characters", "config", "greenroom", "sessions_app", "staff", "voicebot")
        for path in (ROOT / app).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Image.open"
    ]
    assert opened == ["characters/portraits/pictures.py"]

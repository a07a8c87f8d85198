"""Cards in PNG and APNG files: `tEXt` chunks `ccv3` and `chara` (`iTXt`, `zTXt`), base64 of UTF-8 JSON.

Chunks are walked here, not by an image library: nothing is decoded that was not asked for, and a length
that points beyond the file ends it. See the PNG specification, section 5.
"""

import base64
import binascii
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from characters.cards import card_limits
from characters.exceptions import CardRefused

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_SIDE = 8192  # pixels that a picture claims to have
TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt")
ASSET = "chara-ext-asset_:"
OLDER_ASSET = "chara-ext-asset_"  # as RisuAI wrote it first
CARDS = ("chara", "ccv3")
STORED = "__asset:"  # what the paths of such files begin with, in addresses and where we keep them
KEEP_CHUNKS = frozenset(  # what a picture needs to look the same; the rest is metadata
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP acTL fcTL fdAT pHYs sBIT bKGD".split()
)


@dataclass(frozen=True)
class Png:
    """A picture without its text, and the text by keyword, still in base64."""

    picture: bytes
    texts: Mapping[str, bytes]
    assets: Mapping[str, bytes] = field(default_factory=dict)
    others: tuple[str, ...] = ()  # keywords of texts that are not read
    too_many: int = 0  # files beyond the limit
    exif: bytes = b""


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Type and body of each chunk. Raises CardRefused for a file that is cut off or lies about its size."""
    view, at = memoryview(data), len(SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind = bytes(view[at + 4 : at + 8])
        end = at + 12 + length
        if length > 0x7FFFFFFF or end > len(data):
            raise CardRefused(_("The PNG is cut off: a part of it is longer than the file."))
        yield kind, view[at + 8 : end - 4]
        if kind == b"IEND":
            return
        at = end
    raise CardRefused(_("The PNG has no end."))


def _decoded(text: bytes, most: int, what: str) -> bytes:
    if len(text) > most * 4 // 3 + 8:
        raise CardRefused(_("%(what)s in the PNG is too large.") % {"what": what})
    if text.lstrip().startswith(b"{"):  # no base64 does: JSON as it is
        return text
    text = b"".join(text.split()).rstrip(b"=")
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise CardRefused(_("%(what)s in the PNG is not base64.") % {"what": what}) from error


def read(data: bytes) -> Png:
    """Takes a card's PNG apart. Raises CardRefused."""
    if not data.startswith(SIGNATURE):
        raise CardRefused(_("This is no PNG."))
    kept: list[tuple[bytes, memoryview]] = []
    texts: dict[str, bytes] = {}
    assets: dict[str, bytes] = {}
    others: list[str] = []
    total, too_many, exif = 0, 0, b""
    for number, (kind, body) in enumerate(_chunks(data)):
        if number == 0:
            _check_header(kind, body)
        if kind in TEXT_CHUNKS:
            name, text = _text_of(kind, body)
            if name.lower() in CARDS:
                texts.setdefault(name.lower(), _decoded(text, card_limits.JSON_BYTES, _("The card")))
            elif kind != b"tEXt" or not name.startswith(OLDER_ASSET):
                others.append(name[:40])
            elif len(assets) >= card_limits.ASSETS:
                too_many += 1
            else:
                total += len(text)
                if total > card_limits.ASSETS_BYTES:
                    raise CardRefused(_("The files within the card are too large."))
                path = name.removeprefix(ASSET).removeprefix(OLDER_ASSET)
                assets[path[: card_limits.PATH_CHARACTERS]] = _decoded(
                    text, card_limits.ASSET_BYTES, _("A file")
                )
        elif kind == b"eXIf":
            exif = bytes(body[: card_limits.JSON_BYTES * 2])
        elif kind in KEEP_CHUNKS:
            kept.append((kind, body))
    return Png(_assemble(kept), texts, assets, tuple(dict.fromkeys(others)), too_many, exif)


def _text_of(kind: bytes, body: memoryview) -> tuple[str, bytes]:
    """Keyword and text of a chunk; compressed ones are unpacked for cards alone. Raises CardRefused."""
    keyword, _nul, text = bytes(body).partition(b"\0")
    name = keyword.decode("latin-1")
    if kind == b"tEXt" or name.lower() not in CARDS:
        return name, text
    packed = kind == b"zTXt"
    if kind == b"iTXt":  # flag, method, language, keyword in that language, text
        packed = text[:1] == b"\1"
        text = text[2:].split(b"\0", 2)[-1]
    else:
        text = text[1:]
    if not packed:
        return name, text
    most = card_limits.JSON_BYTES * 4 // 3 + 8
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(text, most)
    except zlib.error as error:
        raise CardRefused(_("The card in the PNG cannot be unpacked.")) from error
    if unpacking.unconsumed_tail:
        raise CardRefused(_("%(what)s in the PNG is too large.") % {"what": _("The card")})
    return name, text


def _check_header(kind: bytes, body: memoryview) -> None:
    if kind != b"IHDR" or len(body) != 13:
        raise CardRefused(_("The PNG does not begin with its header."))
    width, height = struct.unpack_from(">II", body)
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise CardRefused(
            _("The PNG says that it is %(width)d by %(height)d pixels; %(most)d are allowed.")
            % {"width": width, "height": height, "most": MAX_SIDE}
        )


def _chunk(kind: bytes, body: bytes | memoryview) -> bytes:
    checksum = zlib.crc32(body, zlib.crc32(kind))
    return struct.pack(">I", len(body)) + kind + bytes(body) + struct.pack(">I", checksum)


def _assemble(chunks: list[tuple[bytes, memoryview]]) -> bytes:
    return SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks)


def write(picture: bytes, texts: Mapping[str, bytes], assets: Mapping[str, bytes] | None = None) -> bytes:
    """`picture` (a PNG) with texts and files embedded, these named in Latin-1. Texts that it had are gone."""
    kept = [(kind, body) for kind, body in _chunks(picture) if kind not in TEXT_CHUNKS]
    added = [(keyword.encode("latin-1"), text) for keyword, text in texts.items()]
    added += [((ASSET + path).encode("latin-1"), data) for path, data in (assets or {}).items()]
    parts = [SIGNATURE]
    for kind, body in kept:
        if kind == b"IEND":
            parts += [_chunk(b"tEXt", name + b"\0" + base64.b64encode(text)) for name, text in added]
        parts.append(_chunk(kind, body))
    return b"".join(parts)

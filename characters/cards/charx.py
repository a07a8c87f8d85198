"""Cards in CHARX files: a ZIP with `card.json` and the card's own files."""

import io
import re
import stat
import zipfile
from collections.abc import Mapping

from django.utils.translation import gettext as _

from characters.cards import card_limits
from characters.exceptions import DAMAGED_ZIP, CardRefused

CARD = "card.json"
CHUNK = 64 * 1024


def is_safe(path: str) -> bool:
    """Whether a path stays within the folder it is in, wherever it is unpacked.

    Names are their authors' own otherwise: nothing is written to a disk by them.
    """
    return (
        0 < len(path) <= card_limits.PATH_CHARACTERS
        and "\0" not in path
        and not path.startswith(("/", "\\"))
        and not re.match(r"[A-Za-z]:[/\\]", path)
        and ".." not in re.split(r"[/\\]", path)
    )


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    """One file of the archive. What its header says of its size is not believed. Raises CardRefused."""
    out = io.BytesIO()
    with archive.open(info) as file:
        while piece := file.read(CHUNK):
            out.write(piece)
            if out.tell() > most:
                raise CardRefused(
                    _("A file within the card is larger than %(megabytes)d MB unpacked.")
                    % {"megabytes": most // 1024 // 1024}
                )
    return out.getvalue()


def read(data: bytes, card: str = CARD) -> tuple[bytes, dict[str, bytes]]:
    """The card's JSON and its other files by path; what is before the archive does not matter.

    `card` is the name of the JSON. Raises CardRefused.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read(archive, card)
    except DAMAGED_ZIP as error:
        raise CardRefused(_("The CHARX is no ZIP file that can be read.")) from error
    except RuntimeError as error:  # zipfile's answer to an encrypted file
        raise CardRefused(_("The CHARX is encrypted.")) from error


def names(data: bytes) -> tuple[frozenset[str], int]:
    """The names in an archive, none of what is no archive; and where the archive begins."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            begin = min((info.header_offset for info in members), default=0)
            return frozenset(info.filename for info in members), begin
    except (*DAMAGED_ZIP, RuntimeError):
        return frozenset(), 0


def _read(archive: zipfile.ZipFile, name: str) -> tuple[bytes, dict[str, bytes]]:
    members = [info for info in archive.infolist() if not info.is_dir()]
    if len(members) > card_limits.ASSETS + 1:
        raise CardRefused(_("The CHARX holds more than %(most)d files.") % {"most": card_limits.ASSETS})
    card: bytes | None = None
    files: dict[str, bytes] = {}
    total = 0
    for info in members:
        if info.flag_bits & 0x1:
            raise CardRefused(_("The CHARX is encrypted."))
        if not is_safe(info.filename):
            raise CardRefused(_("The CHARX holds a file whose path leads out of it."))
        if stat.S_ISLNK(info.external_attr >> 16):
            raise CardRefused(_("The CHARX holds a link instead of a file."))
        if info.filename == name:
            card = _member(archive, info, card_limits.JSON_BYTES)
            continue
        file = _member(archive, info, card_limits.ASSET_BYTES)
        total += len(file)
        if total > card_limits.ASSETS_BYTES:
            raise CardRefused(_("The files within the card are too large together."))
        files[info.filename] = file
    if card is None:
        raise CardRefused(_("The CHARX holds no %(name)s.") % {"name": name})
    return card, files


def write(card: bytes, files: Mapping[str, bytes]) -> bytes:
    """A CHARX of a card's JSON and its files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in {CARD: card, **files}.items():
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()

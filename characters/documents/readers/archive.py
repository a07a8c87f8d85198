"""Files within ZIP archives, as DOCX and EPUB are: counted as they are unpacked, whatever headers say."""

import io
import re
import stat
import zipfile
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from characters.documents import refusals
from characters.documents.document import DocumentUnreadable
from characters.documents.limits import MEGABYTE, Limits
from characters.exceptions import DAMAGED_ZIP
from characters.text import because

CHUNK = 64 * 1024
ENCRYPTED = 0x1  # of a member's flags


class Archive:
    """An archive that is read member by member, within the limits of a document."""

    def __init__(self, content: bytes, limits: Limits):
        self._limits = limits
        self._left = limits.unpacked_bytes
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except DAMAGED_ZIP as error:
            raise DocumentUnreadable(refusals.DAMAGED) from error
        self._members = {info.filename: info for info in self._zip.infolist()}
        if len(self._members) > limits.members:
            raise DocumentUnreadable(
                because(
                    "There are more than {most} files in it. Save it in a simpler form.", most=limits.members
                )
            )

    def __contains__(self, path: str) -> bool:
        return path in self._members

    def read(self, path: str) -> bytes:
        """One file. Nothing is written to a disk, so that a path leads nowhere. Raises DocumentUnreadable."""
        info = self._members.get(path)
        if info is None or info.is_dir() or stat.S_ISLNK(info.external_attr >> 16):
            raise DocumentUnreadable(refusals.DAMAGED)
        if info.flag_bits & ENCRYPTED:
            raise DocumentUnreadable(refusals.LOCKED)
        out = io.BytesIO()
        try:
            with self._zip.open(info) as file:
                while piece := file.read(CHUNK):
                    self._left -= len(piece)
                    if self._left < 0:
                        raise DocumentUnreadable(
                            because(
                                "Unpacked it is larger than {megabytes} MB. Split it into several files.",
                                megabytes=self._limits.unpacked_bytes // MEGABYTE,
                            )
                        )
                    out.write(piece)
        except DocumentUnreadable:
            raise
        except (*DAMAGED_ZIP, RuntimeError) as error:
            raise DocumentUnreadable(refusals.DAMAGED) from error
        return out.getvalue()

    def xml(self, path: str) -> Element:
        return parsed(self.read(path), self._limits)


class _Bounded(TreeBuilder):
    """Builds a tree that is no deeper and no larger than allowed."""

    limits: Limits
    depth = elements = 0

    def start(self, tag, attributes):  # type: ignore[no-untyped-def]
        self.depth += 1
        self.elements += 1
        if self.depth > self.limits.depth or self.elements > self.limits.elements:
            raise DocumentUnreadable(refusals.NESTED)
        return super().start(tag, attributes)

    def end(self, tag):  # type: ignore[no-untyped-def]
        self.depth -= 1
        return super().end(tag)


def parsed(content: bytes, limits: Limits) -> Element:
    """XML as a tree: no entities of its own, nothing from outside. Raises DocumentUnreadable."""
    builder = _Bounded()
    builder.limits = limits
    parser = DefusedXMLParser(target=builder, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(content)
        return parser.close()
    except DefusedXmlException as error:
        raise DocumentUnreadable(refusals.ENTITIES) from error
    except ParseError as error:
        raise DocumentUnreadable(refusals.DAMAGED) from error


_ENTITY = re.compile(r"<!(?:ENTITY|DOCTYPE[^>]*\[)", re.IGNORECASE)


def declares_entities(text: str) -> bool:
    """Whether a page does what `parsed` refuses, for pages that are read as HTML."""
    return bool(_ENTITY.search(text))

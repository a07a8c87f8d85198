"""What every reader makes of its format: headings, paragraphs, and rows of lists and tables, in order."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from characters.text import cleaned

# Soft hyphens, zero-width spaces and joiners that only typesetting needs, byte-order marks.
_UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff]")
_SPACES = re.compile(r"\s+")
_LIGATURES = {
    0xFB00: "ff",
    0xFB01: "fi",
    0xFB02: "fl",
    0xFB03: "ffi",
    0xFB04: "ffl",
    0xFB05: "st",
    0xFB06: "st",
}


class Heading(NamedTuple):
    level: int  # 1 is the highest
    text: str


class Paragraph(NamedTuple):
    text: str


class Rows(NamedTuple):
    """A list, a table or lines as they are: each row stays whole, and `head` is repeated where it is cut."""

    rows: tuple[str, ...]
    head: str = ""


Block = Heading | Paragraph | Rows


class Draft(NamedTuple):
    """What a reader hands on. Blocks come as they are read."""

    title: str
    blocks: Iterator[Block]


def tidy(text: str) -> str:
    """One line of text: no controls, nothing unseen, one space where there were blanks and line breaks."""
    return _SPACES.sub(" ", _UNSEEN.sub("", cleaned(text))).translate(_LIGATURES).strip()

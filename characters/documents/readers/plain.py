"""Plain text: paragraphs between blank lines, or a line each; chapters where a line says so."""

import re
from collections.abc import Iterator

from characters.documents.blocks import Block, Draft, Heading, Paragraph, tidy
from characters.documents.flowing import HEADING, hyphenated_words, paragraphs
from characters.documents.limits import Limits

LONG_LINE = 120  # characters, or 60 Chinese ones: lines like these are paragraphs, not broken to fit
_END = re.compile(r"[.!?…。！？][\"'”’」』]*$")  # noqa: RUF001
_CAPITALS = re.compile(r"[^a-z]*[A-Z]{3}[^a-z]*$")
TITLE_LETTERS = 80


def read(text: str, limits: Limits) -> Draft:
    lines = [tidy(line) for line in re.split(r"\r\n?|[\n\v\f\x85\u2028\u2029]", text)]
    first = next((line for line in lines if line), "")
    title = first if is_heading(first) and not HEADING.match(first) else ""
    return Draft(title, _blocks(lines, hyphenated_words(lines)))


def is_heading(line: str) -> bool:
    """A line on its own that is a chapter's, or in capitals."""
    return bool(HEADING.match(line) or (len(line) <= TITLE_LETTERS and _CAPITALS.match(line)))


def _blocks(lines: list[str], hyphenated: set[str]) -> Iterator[Block]:
    group: list[str] = []
    for line in [*lines, ""]:
        if HEADING.match(line):
            yield from _group(group, hyphenated)
            group = []
            yield Heading(2, line)
        elif line:
            group.append(line)
        else:
            yield from _group(group, hyphenated)
            group = []


def _group(lines: list[str], hyphenated: set[str]) -> Iterator[Block]:
    """Lines with no blank one between them."""
    if len(lines) == 1 and is_heading(lines[0]):
        yield Heading(1, lines[0])
        return
    whole = sum(bool(_END.search(line)) for line in lines) >= 0.8 * len(lines)
    long = sum(len(line.encode()) > LONG_LINE for line in lines) > len(lines) / 2
    if whole or long:
        yield from (Paragraph(line) for line in lines)
    else:
        yield from (Paragraph(text) for text in paragraphs(lines, hyphenated))

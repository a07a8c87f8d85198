"""PDF, by pypdf: text in reading order, headings by the outline or by the size of their letters.

Page numbers and running headers go, lines become paragraphs, words hyphenated at a line's end are whole.
"""

import io
import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from pypdf import PageObject, PdfReader
from pypdf.errors import PyPdfError

from characters.documents import refusals
from characters.documents.blocks import Block, Draft, Heading, Paragraph, tidy
from characters.documents.document import DocumentUnreadable
from characters.documents.flowing import HEADING, hyphenated_words, paragraphs
from characters.documents.limits import Limits
from characters.documents.readers.page_edges import without_edges
from characters.text import because, is_visible

SCANNED_LETTERS = 40  # of a page on average: scanners write their own name on each
LARGER = 1.15  # than the text: a heading
MOST_LEVELS = 4
HEADING_LETTERS = 120


class Line(NamedTuple):
    text: str
    size: float  # of most of its letters, in points


class Mark(NamedTuple):
    """An entry of the outline."""

    level: int
    title: str


def read(content: bytes, limits: Limits) -> Draft:
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentUnreadable(refusals.LOCKED)
        count = len(reader.pages)
    except PyPdfError as error:
        raise DocumentUnreadable(refusals.DAMAGED) from error
    if count > limits.pages:
        raise DocumentUnreadable(
            because("It has more than {most} pages. Split it into several files.", most=limits.pages)
        )
    pages = [_lines(page) for page in reader.pages]
    letters = sum(len(line.text) for page in pages for line in page)
    if letters < SCANNED_LETTERS * count and any(map(_has_picture, reader.pages)):
        raise DocumentUnreadable(refusals.SCANNED)
    title = reader.metadata.title if reader.metadata else ""
    return Draft(str(title or ""), _blocks(pages, _outline(reader)))


def _lines(page: PageObject) -> list[Line]:
    """The lines of a page, each with the size of its letters."""
    parts: list[tuple[str, float]] = []

    def visit(text: str, _: Any, matrix: Any, font: Any, size: float) -> None:
        if text:
            parts.append((text, round(abs(size * (matrix[3] or matrix[1] or 1)), 1)))

    page.extract_text(visitor_text=visit)
    lines: list[Line] = []
    text: list[str] = []
    sizes: Counter[float] = Counter()

    def close() -> None:
        lines.append(Line(tidy("".join(text)), max(sizes, key=lambda size: sizes[size], default=0.0)))
        text.clear()
        sizes.clear()

    for part, size in parts:
        for index, piece in enumerate(part.split("\n")):
            if index:
                close()
            text.append(piece)
            if piece.strip():
                sizes[size] += len(piece.strip())
    close()
    while lines and not lines[0].text:
        lines.pop(0)
    while lines and not lines[-1].text:
        lines.pop()
    return lines


def _has_picture(page: PageObject) -> bool:
    try:
        objects = page["/Resources"]["/XObject"]  # type: ignore[index]
        return any(one.get_object().get("/Subtype") == "/Image" for one in objects.values())
    except (KeyError, TypeError, AttributeError):
        return False


def _outline(reader: PdfReader) -> dict[int, list[Mark]]:
    """Entries of the outline by page; none of one that is damaged."""
    found: dict[int, list[Mark]] = {}
    try:
        _collect(reader, reader.outline, 1, found)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return found


def _collect(reader: PdfReader, entries: Any, level: int, found: dict[int, list[Mark]]) -> None:
    for entry in entries:
        if isinstance(entry, list):
            _collect(reader, entry, level + 1, found)
            continue
        number = reader.get_destination_page_number(entry)
        title = tidy(str(entry.title or ""))
        if number is not None and number >= 0 and title:
            found.setdefault(number, []).append(Mark(level, title))


def _blocks(pages: list[list[Line]], outline: dict[int, list[Mark]]) -> Iterator[Block]:
    levels = {} if outline else _levels(pages)
    pages = without_edges(pages, lambda line: bool(line.size in levels or HEADING.match(line.text)))
    hyphenated = hyphenated_words(line.text for page in pages for line in page)
    flow: list[str] = []
    for number, page in enumerate(pages):
        for item in _marked(page, outline.get(number, []), levels):
            if isinstance(item, Heading):
                yield from (Paragraph(text) for text in paragraphs(flow, hyphenated))
                flow = []
                yield item
            else:
                flow.append(item)
    yield from (Paragraph(text) for text in paragraphs(flow, hyphenated))


def _levels(pages: list[list[Line]]) -> dict[float, int]:
    """Sizes of letters that headings have, as levels: larger than most of the text, and seldom."""
    letters: Counter[float] = Counter()
    for line in itertools.chain.from_iterable(pages):
        letters[line.size] += len(line.text)
    if not letters:
        return {}
    text = letters.most_common(1)[0][0]
    larger = [size for size in letters if size >= LARGER * text and letters[size] < 0.2 * letters.total()]
    return {size: min(level, MOST_LEVELS) for level, size in enumerate(sorted(larger, reverse=True), 1)}


def _key(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _marked(page: list[Line], marks: list[Mark], levels: dict[float, int]) -> Iterator[Heading | str]:
    """Headings and lines of a page. A heading of the outline that no line has stands at the top."""
    left = list(marks)
    keys = {_key(line.text) for line in page if is_visible(line.text)}
    for mark in marks:
        if _key(mark.title) not in keys:
            yield Heading(mark.level, mark.title)
            left.remove(mark)
    before: Heading | None = None
    for line in page:
        found = next((one for one in left if _key(one.title) == _key(line.text)), None)
        heading: Heading | None = None
        if found:
            left.remove(found)
            heading = Heading(found.level, found.title)
        elif line.size in levels and line.text and len(line.text) <= HEADING_LETTERS:
            heading = Heading(levels[line.size], line.text)
        elif not levels and not marks and HEADING.match(line.text):
            heading = Heading(1, line.text)
        if heading and before and before.level == heading.level and not found:  # a heading of two lines
            before = Heading(before.level, f"{before.text} {heading.text}"[:HEADING_LETTERS])
            continue
        if before:
            yield before
        before = heading
        if not heading:
            yield line.text
    if before:
        yield before

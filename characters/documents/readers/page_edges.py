"""What repeats at the edges of a PDF's pages: running headers, footers and page numbers."""

import re
from collections.abc import Callable
from itertools import pairwise, takewhile
from typing import Protocol, TypeVar

EDGE = 2  # lines at the top and at the bottom of a page
REPEATED = 3  # pages, or all of a shorter document
NEAR = 2  # pages apart: left and right pages have headers of their own
_NUMBER = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxlc]{1,8}$", re.IGNORECASE)


class HasText(Protocol):
    @property
    def text(self) -> str: ...


Line = TypeVar("Line", bound=HasText)


def without_edges(pages: list[list[Line]], is_heading: Callable[[Line], bool]) -> list[list[Line]]:
    """Pages without what repeats at their edges. A heading stays: chapters of one page each count up, too."""
    least = max(2, min(REPEATED, len(pages)))
    seen: dict[tuple[str, int | None], list[int]] = {}
    for number, page in enumerate(pages):
        for key in {key for index in _edges(page) for key in _keys(page[index].text, number)}:
            seen.setdefault(key, []).append(number)
    repeated = {key for key, numbers in seen.items() if _is_running(numbers, least)}
    kept = []
    for number, page in enumerate(pages):
        running = {
            index
            for index in _edges(page)
            if repeated.intersection(_keys(page[index].text, number)) and not is_heading(page[index])
        }
        dropped = {*_outermost(page, running), *_outermost(page, running, from_below=True)}
        kept.append([line for index, line in enumerate(page) if index not in dropped])
    return kept


def _edges(page: list[Line]) -> set[int]:
    filled = [index for index, line in enumerate(page) if line.text]
    return {*filled[:EDGE], *filled[-EDGE:]}


def _outermost(page: list[Line], running: set[int], *, from_below: bool = False) -> list[int]:
    """Running lines with no line of the text between them and the edge."""
    filled = [index for index, line in enumerate(page) if line.text]
    return list(takewhile(running.__contains__, reversed(filled) if from_below else filled))


def _keys(text: str, page: int) -> set[tuple[str, int | None]]:
    """A line as it is, and with each number in it as one that counts with the pages."""
    if not text:
        return set()
    found: set[tuple[str, int | None]] = {(text.casefold(), None)}
    if _ROMAN.match(text):
        found.add(("roman", None))
    for match in _NUMBER.finditer(text):
        if len(match[0]) <= 5:
            skeleton = f"{text[: match.start()]}#{text[match.end() :]}"
            found.add((_NUMBER.sub("#", skeleton).casefold(), int(match[0]) - page))
    return found


def _is_running(numbers: list[int], least: int) -> bool:
    """Whether so many pages near each other have it."""
    run = 1
    for before, number in pairwise(numbers):
        run = run + 1 if number - before <= NEAR else 1
        if run >= least:
            return True
    return False

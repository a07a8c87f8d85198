"""Spaceless scripts: Chinese and Japanese put nothing between words, nor between sentences."""

import re
from collections.abc import Iterable

LETTER = re.compile(r"[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
MARK = re.compile(r"[\u3000-\u303f\uff00-\uffef]")  # punctuation as wide as a character
OPEN_MARK = re.compile(r"[\u2014\u2018\u201c\u2026]")  # dash, quotation, ellipsis: Latin texts have them, too
CLOSED_MARK = re.compile(r"[\u2014\u2019\u201d\u2026]")


def _ends_wide(text: str) -> bool:
    """Whether a text ends in a spaceless script, a closed quotation behind it or not."""
    while len(text) > 1 and CLOSED_MARK.match(text[-1]):
        text = text[:-1]
    return bool(LETTER.match(text[-1]) or MARK.match(text[-1]))


def _begins_wide(text: str) -> bool:
    while len(text) > 1 and OPEN_MARK.match(text[0]):
        text = text[1:]
    return bool(LETTER.match(text[0]) or MARK.match(text[0]))


def are_apart(before: str, after: str) -> bool:
    """Whether a space belongs between two texts of which one follows the other."""
    if not before or not after or before[-1].isspace() or after[0].isspace():
        return False
    return not (_ends_wide(before) and _begins_wide(after))


def joined(parts: Iterable[str]) -> str:
    """Sentences or clauses as one text, with a space between two only where their script has one."""
    text = ""
    for part in parts:
        text += (" " if are_apart(text, part) else "") + part
    return text.strip()

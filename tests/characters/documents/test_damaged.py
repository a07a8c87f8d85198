"""Good files with a few bytes changed: always pieces or a sentence, and never anything else.

In this process, so that hundreds are tried; what ends the reading process itself is in test_hostile.py.
"""

import contextlib
import random
import warnings

import pytest

from characters.documents import LIMITS, DocumentUnreadable, read_document
from characters.documents.child import answer
from tests.characters.documents.samples import (
    CHINESE,
    ENGLISH,
    GERMAN,
    JAPANESE,
    Line,
    docx,
    epub,
    page,
    paragraph,
    pdf,
)

MUTATIONS = 120
GOOD = {
    "a.txt": (ENGLISH * 3 + "\n\nChapter 2\n\n" + GERMAN).encode(),
    "a-gb.txt": CHINESE.encode("gb18030"),
    "a.md": f"# Reef\n\n{ENGLISH}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> - x\n".encode(),
    "a.html": f"<html><body><h1>Reef</h1><table><tr><td>1</table><ol><li>{JAPANESE}</ol>".encode(),
    "a.pdf": pdf(
        [[Line("Reef", 20), ENGLISH[:80], CHINESE[:20]], [GERMAN[:90]]], outline=[("Reef", 0)], title="x"
    ),
    "a.docx": docx(paragraph("Reef", "berschrift1") + paragraph(ENGLISH) + "<w:tbl><w:tr/></w:tbl>"),
    "a.epub": epub({"a.xhtml": page(f"<h1>Reef</h1><p>{ENGLISH}</p>")}, {"a.xhtml": "One"}),
}


def mutated(content, chance):
    """A few bytes changed, left out, doubled, or moved."""
    data = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        at = chance.randrange(len(data))
        length = chance.choice([1, 1, 4, 30])
        how = chance.randrange(4)
        if how == 0:
            data[at] = chance.randrange(256)
        elif how == 1:
            del data[at : at + length]
        elif how == 2:
            data[at:at] = data[at : at + length]
        else:
            data[at : at + length] = chance.randbytes(length)
        if not data:
            return b"x"
    return bytes(data)


@pytest.mark.parametrize("name", GOOD)
def test_a_file_with_a_few_wrong_bytes_is_read_or_refused(name):
    chance = random.Random(name)
    refusals = set()
    for _ in range(MUTATIONS):
        content = mutated(GOOD[name], chance)
        with warnings.catch_warnings(action="ignore"):
            found = answer(name, content, LIMITS)
        if "unreadable" in found:
            template, values = found["unreadable"]
            refusals.add(template.format(**values))
        else:
            assert all(piece.text.strip() and piece.heading for piece in found["pieces"])
    assert all(sentence.endswith(".") for sentence in refusals)


@pytest.mark.parametrize("name", GOOD)
def test_a_file_of_which_the_end_is_missing_is_read_or_refused(name):
    content = GOOD[name]
    for part in (0.2, 0.9):
        with contextlib.suppress(DocumentUnreadable):
            assert read_document(name, content[: int(len(content) * part)]).pieces


@pytest.mark.parametrize("name", GOOD)
def test_the_good_file_is_good(name):
    assert read_document(name, GOOD[name]).pieces

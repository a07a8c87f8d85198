"""Pieces: cuts what was read at headings, then at paragraphs and rows, then at sentences, evenly.

Sentences end where sentencex says, Pipecat's own splitter: it knows abbreviations, and Chinese and Japanese.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sentencex import segment

from characters.documents.blocks import Block, Heading, Rows
from characters.documents.document import DocumentUnreadable, Piece
from characters.documents.limits import Limits
from characters.text import are_apart, because, is_visible

# In words. Between the two: 80 to 160 words, or 200 to 350 Chinese characters.
MOST, USUAL = 160.0, 125.0
PER_WIDE = 0.45  # words of a Chinese or Japanese character
LETTERS_OF_WORD = 9  # a "word" longer than this counts as several: addresses, base64, one line of 10 MB
DEEPEST = 6
SEPARATOR = " › "  # noqa: RUF001
HEADING_LETTERS, PATH_LETTERS = 120, 300
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_CLAUSE = re.compile(r"[^,;:，、；：]*[,;:，、；：]?\s*")  # noqa: RUF001


class Unit(NamedTuple):
    """What is not cut any more, with what stands before it if something does."""

    text: str
    glue: str  # a line break before a paragraph or row; "" before a sentence
    words: float
    head: str = ""  # of the table it is a row of


def words_of(text: str) -> float:
    """How long a text is, in words."""
    wide = len(_WIDE.findall(text))
    rest = _WIDE.sub(" ", text) if wide else text
    return (
        max(len(rest.split()), len(rest) / LETTERS_OF_WORD) + PER_WIDE * wide
        if rest.strip()
        else PER_WIDE * wide
    )


def cut(blocks: Iterable[Block], title: str, limits: Limits) -> tuple[Piece, ...]:
    """All pieces of a document. Raises DocumentUnreadable of one with too many."""
    found: list[Piece] = []
    letters = 0
    for piece in _pieces(blocks, title):
        letters += len(piece.text)
        if len(found) >= limits.pieces or letters > limits.letters:
            raise DocumentUnreadable(
                because(
                    "It is too long: at most {most} pieces of some 120 words are kept of one document. "
                    "Split it into several files.",
                    most=limits.pieces,
                )
            )
        found.append(piece)
    return tuple(found)


def _pieces(blocks: Iterable[Block], title: str) -> Iterator[Piece]:
    path: list[tuple[int, str]] = []
    units: list[Unit] = []
    bare = False  # the heading read last has nothing below it so far
    for block in blocks:
        if not isinstance(block, Heading):
            units += _units(block)
            bare = bare and not units
            continue
        if bare and path and path[-1][0] >= block.level:
            units += _as_text(path.pop()[1], title)
        yield from _section(units, _path(path, title))
        units, bare = [], True
        path = [one for one in path if one[0] < block.level][-DEEPEST:]
        path.append((block.level, block.text[:HEADING_LETTERS]))
    if bare and path:
        units += _as_text(path.pop()[1], title)
    yield from _section(units, _path(path, title))


def _as_text(heading: str, title: str) -> list[Unit]:
    """A heading with nothing below it is text itself, unless it is the document's title."""
    return [] if heading.casefold() == title.casefold() else [Unit(heading, "\n", words_of(heading))]


def _path(path: list[tuple[int, str]], title: str) -> str:
    """The headings one below the other; the document's own title is no news unless it is all there is."""
    names = [name for _, name in path]
    if names and names[0].casefold() == title.casefold():
        names = names[1:]
    while len(names) > 1 and len(SEPARATOR.join(names)) > PATH_LETTERS:
        names = names[1:]
    return SEPARATOR.join(names) or title


def _units(block: Block) -> Iterator[Unit]:
    if isinstance(block, Rows):
        for row in block.rows:
            yield from _within(row, block.head if row != block.head else "")
    else:
        yield from _within(block.text)


def _within(text: str, head: str = "") -> Iterator[Unit]:
    """A paragraph or row whole, or its sentences where it is too long, or clauses of those."""
    if not is_visible(text):
        return
    if (words := words_of(text)) <= MOST:
        yield Unit(text, "\n", words, head)
        return
    glue = "\n"
    for sentence in segment("en", text):
        if is_visible(sentence):
            for part in _parts(sentence.strip()):
                yield Unit(part, glue, words_of(part), head)
                glue = ""


def _parts(sentence: str) -> Iterator[str]:
    """A sentence, or clauses of a long one, or words of long ones, or letters."""
    if words_of(sentence) <= MOST:
        yield sentence
        return
    for clause in _gathered(found[0] for found in _CLAUSE.finditer(sentence)):
        if words_of(clause) <= MOST:
            yield clause.strip()
            continue
        for words in _gathered(re.findall(r"\S+\s*", clause)):
            most = int(USUAL * (1 / PER_WIDE if _WIDE.search(words) else LETTERS_OF_WORD))
            if words_of(words) <= MOST:
                yield words.strip()
            else:
                yield from (words[begin : begin + most] for begin in range(0, len(words), most))


def _gathered(parts: Iterable[str]) -> Iterator[str]:
    """Parts put together again as long as they are not too long."""
    gathered: list[str] = []
    words = 0.0
    for part in parts:
        size = words_of(part)
        if gathered and words + size > USUAL:
            yield "".join(gathered)
            gathered, words = [], 0.0
        gathered.append(part)
        words += size
    if gathered:
        yield "".join(gathered)


def _section(units: list[Unit], heading: str) -> Iterator[Piece]:
    """What stands under one heading, in pieces of about the same length."""
    total = sum(unit.words for unit in units)
    count = 1 if total <= MOST else -(-total // USUAL)
    wanted = total / count
    text, words, passed, piece = "", 0.0, 0.0, 1
    for unit in units:
        # By what came in all, so that nothing is left over for the last one.
        enough = words + unit.words > MOST or passed + unit.words / 2 > wanted * piece
        if text and enough:
            yield Piece(heading, text)
            text, words, piece = "", 0.0, piece + 1
        passed += unit.words
        if not text and unit.head:
            text = unit.head
        glue = unit.glue or (" " if are_apart(text, unit.text) else "")
        text, words = (f"{text}{glue}{unit.text}" if text else unit.text), words + unit.words
    if text:
        yield Piece(heading, text)

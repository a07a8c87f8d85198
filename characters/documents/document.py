"""A document as it was read, and why one could not be."""

from typing import NamedTuple

from characters.text import Reason


class Piece(NamedTuple):
    """What is found and quoted as one: a few sentences, at most about 160 words or 350 Chinese characters."""

    # The path of headings it stands under, "Chapter 2 › The kraken"; the title if there is none.  # noqa: RUF003
    heading: str
    text: str  # paragraphs, and rows of lists and tables, by line


class ReadDocument(NamedTuple):
    title: str
    kind: str  # text, markdown, html, pdf, epub, docx
    pieces: tuple[Piece, ...]


class DocumentUnreadable(ValueError):
    """A file is no document that can be read. The text says what the writer can do, in their language."""

    def __init__(self, reason: Reason):
        self.reason = reason
        super().__init__(reason.template)

    def __str__(self) -> str:
        return str(self.reason)

"""Readers of each kind of document: from bytes to headings, paragraphs and rows."""

from collections.abc import Callable
from pathlib import PurePosixPath

from characters.documents import kinds, refusals
from characters.documents.blocks import Draft, tidy
from characters.documents.charset import decoded
from characters.documents.document import DocumentUnreadable, Piece
from characters.documents.limits import Limits
from characters.documents.pieces import cut
from characters.documents.readers import docx, epub, html, markdown, pdf, plain

PACKED: dict[str, Callable[[bytes, Limits], Draft]] = {"pdf": pdf.read, "epub": epub.read, "docx": docx.read}
WRITTEN: dict[str, Callable[[str, Limits], Draft]] = {
    "html": html.read,
    "markdown": markdown.read,
    "text": plain.read,
}
TITLE_LETTERS = 200


def read(name: str, content: bytes, limits: Limits) -> tuple[str, str, tuple[Piece, ...]]:
    """Title, kind and pieces. Raises DocumentUnreadable, and whatever parsers raise of damaged files."""
    kind = kinds.packed_kind(content)
    if kind:
        draft = PACKED[kind](content, limits)
    else:
        text = decoded(content, html.declared_charset(content))
        kinds.check_is_text(text)
        kind = kinds.text_kind(name, text)
        draft = WRITTEN[kind](text, limits)
    stem = PurePosixPath(name.replace("\\", "/")).stem
    title = (tidy(draft.title) or tidy(stem))[:TITLE_LETTERS]
    pieces = cut(draft.blocks, title, limits)
    if not pieces:
        raise DocumentUnreadable(refusals.NO_TEXT)
    return title, kind, pieces

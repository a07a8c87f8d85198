"""Documents that writers give to characters: read in a process with limits, cut into pieces with headings.

Text, Markdown, HTML, PDF, EPUB and DOCX. Nothing in them runs, and nothing is fetched for them.
"""

from characters.documents.document import DocumentUnreadable, Piece, ReadDocument
from characters.documents.limits import LIMITS, Limits
from characters.documents.reading import read_document

__all__ = ["LIMITS", "DocumentUnreadable", "Limits", "Piece", "ReadDocument", "read_document"]

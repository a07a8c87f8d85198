"""Document indexes of this process: one for each set of documents, shared by all who talk with it.

A turn never waits for the database: an index is loaded in a thread of its own, and looked for again when a
character was changed, in whichever process that was.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

from django.conf import settings
from django.db import close_old_connections

from characters.models import Document, DocumentPiece
from voicebot.documents import pgvector
from voicebot.documents.index import DocumentIndex, Passage
from voicebot.documents.pgvector import PostgresIndex
from voicebot.documents.vectors import rows_of

log = logging.getLogger(__name__)

KEPT = 16  # indexes in memory: 8 MB of vectors and some 15 MB of text for 20,000 pieces
AT_ONCE = 2000  # rows that are read from the database at a time
Key = tuple[str, ...]
Index = DocumentIndex | PostgresIndex
Stamp = tuple[tuple[int, int], ...]  # document, and how many of its pieces can be found


class DocumentIndexes:
    """Knows the indexes in use."""

    def __init__(self, kept: int = KEPT):
        self._kept = kept
        self._known: OrderedDict[Key, tuple[Stamp, Index]] = OrderedDict()
        self._lock = threading.Lock()
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="documents")

    def of(self, documents: Key) -> Index | None:
        """The index of these documents, by SHA-256, as it was loaded last; None until it is."""
        if not documents:
            return None
        with self._lock:
            found = self._known.get(documents)
            if found:
                self._known.move_to_end(documents)
        if found is None:
            self.refresh(documents)
            return None
        return found[1]

    def refresh(self, documents: Key) -> Future[None]:
        """Has it loaded if there is more, or less, to be found than it knows."""
        if not documents:
            nothing: Future[None] = Future()
            nothing.set_result(None)
            return nothing
        return self._loader.submit(self._refresh_quietly, documents)

    def _refresh_quietly(self, documents: Key) -> None:
        try:
            close_old_connections()
            self.load(documents)
        except Exception:
            log.exception("documents could not be loaded: the character goes on without what is new in them")
        finally:
            close_old_connections()

    def load(self, documents: Key) -> Index:
        """The same, at once, in the thread that asks."""
        stamp = _stamp(documents)
        with self._lock:
            found = self._known.get(documents)
        if found and found[0] == stamp:
            return found[1]
        index = _loaded([number for number, _ in stamp], sum(pieces for _, pieces in stamp))
        with self._lock:
            self._known[documents] = stamp, index
            self._known.move_to_end(documents)
            while len(self._known) > self._kept:
                self._known.popitem(last=False)
        return index


def _stamp(documents: Key) -> Stamp:
    rows = Document.objects.filter(sha256__in=documents).order_by("pk")
    return tuple(rows.values_list("pk", "embedded_count"))


def _loaded(documents: Sequence[int], pieces: int) -> Index:
    if pieces >= settings.DOCUMENT_PGVECTOR_PIECES and (found := pgvector.index_of(documents)):
        return found
    titles = dict(Document.objects.filter(pk__in=documents).values_list("pk", "title"))
    rows = (
        DocumentPiece.objects.filter(document__in=documents, vector__isnull=False)
        .order_by("document", "order")
        .values_list("document", "heading", "text", "vector")
    )
    passages, vectors = [], []
    for document, heading, text, vector in rows.iterator(AT_ONCE):
        passages.append(Passage(titles.get(document, ""), heading, text))
        vectors.append(bytes(vector or b""))
    return DocumentIndex(passages, rows_of(vectors))


@cache
def indexes() -> DocumentIndexes:
    """Those of this process."""
    return DocumentIndexes()

"""Search in PostgreSQL: where it has the extension `vector` (pgvector), and a character very many pieces.

The table is made, and filled from the pieces, when an index is loaded: nothing but speed is lost with it. It
has no foreign key, so that no migration depends on the extension; `forget` deletes what a document had.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from django.db import Error as DatabaseError
from django.db import close_old_connections, connection, transaction

from characters.models import Document
from voicebot.documents.index import UNRELATED, Hit, Passage
from voicebot.documents.vectors import COMMON_WEIGHT, common, rows_of
from voicebot.meaning import DIMENSIONS, Vectors

log = logging.getLogger(__name__)

TABLE = "voicebot_document_vectors"
CANDIDATES = 40  # by plain cosine, of which the best are found without what all have in common
AT_ONCE = 200  # rows of one INSERT
WITHIN_SECS = 0.2  # of a turn; a server that is slower than that finds nothing
LOCK = 0x67726576  # of an advisory lock: one process at a time makes and fills the table
INDEX_MEGABYTES = 512  # that PostgreSQL may use to make the index; with less it takes several times as long
ITERATIVE = (0, 8)  # the version that goes on until enough rows of these documents are found
_threads = ThreadPoolExecutor(2, thread_name_prefix="pgvector")


class PostgresIndex:
    """The pieces of some documents, in PostgreSQL. Searched as `DocumentIndex` is."""

    def __init__(
        self, documents: Sequence[int], titles: dict[int, str], mean: Vectors, count: int, iterative: bool
    ):
        self._documents, self._titles = list(documents), titles
        self._mean, self._count, self._iterative = mean, count, iterative

    def __len__(self) -> int:
        return self._count

    def search(self, question: Vectors, most: int) -> list[Hit]:
        """What answers a question, the nearest first. Raises TimeoutError, or an error of the database."""
        return _threads.submit(self._search, question, most).result(WITHIN_SECS)

    def _search(self, question: Vectors, most: int) -> list[Hit]:
        close_old_connections()
        try:
            rows = self._candidates(question)
        finally:
            close_old_connections()
        if not rows:
            return []
        apart = np.stack([_parsed(row[3]) for row in rows]) - self._mean
        asked = question - self._mean
        lengths = np.linalg.norm(apart, axis=1) * np.linalg.norm(asked)
        scores = (apart @ asked) / np.maximum(lengths, 1e-9)
        return [
            Hit(Passage(self._titles.get(rows[at][0], ""), rows[at][1], rows[at][2]), float(scores[at]))
            for at in np.argsort(-scores)[:most]
            if scores[at] >= UNRELATED
        ]

    def _candidates(self, question: Vectors) -> list[Any]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL hnsw.ef_search = 100")
            if self._iterative:
                cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order")
            cursor.execute(
                f"""SELECT piece.document_id, piece.heading, piece.text, near.embedding::text
                FROM (SELECT piece_id, embedding FROM {TABLE} WHERE document_id = ANY(%s)
                      ORDER BY embedding <=> %s::vector LIMIT {CANDIDATES}) near
                JOIN characters_documentpiece piece ON piece.id = near.piece_id""",  # noqa: S608
                [self._documents, _text(question)],
            )
            return list(cursor.fetchall())


def index_of(documents: Sequence[int]) -> PostgresIndex | None:
    """The index of these documents; None where the server has no pgvector, or this login may not use it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            version = _made(cursor)
            if version is None:
                return None
            if _fill(cursor, documents):
                _index(cursor)
            cursor.execute(
                f"SELECT count(*), avg(embedding)::text FROM {TABLE} WHERE document_id = ANY(%s)",  # noqa: S608
                [list(documents)],
            )
            count, mean = cursor.fetchone()
    except DatabaseError as error:
        log.warning("documents are searched in memory: pgvector cannot be used (%s)", type(error).__name__)
        return None
    total = _parsed(mean) * count if count else np.zeros(DIMENSIONS, np.float32)
    titles = dict(Document.objects.filter(pk__in=documents).values_list("pk", "title"))
    mean = (total + COMMON_WEIGHT * common()) / (count + COMMON_WEIGHT)
    return PostgresIndex(documents, titles, mean, count, version >= ITERATIVE)


def forget(document: int) -> None:
    """A document is gone: so are its vectors."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [TABLE])
        if cursor.fetchone()[0]:
            cursor.execute(f"DELETE FROM {TABLE} WHERE document_id = %s", [document])  # noqa: S608


def _made(cursor: Any) -> tuple[int, ...] | None:
    """The version of the extension, with the table made; None where the server does not have it."""
    cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")
    if not cursor.fetchone():
        return None
    cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
    cursor.execute(
        f"CREATE TABLE IF NOT EXISTS {TABLE} (piece_id bigint PRIMARY KEY, document_id bigint NOT NULL, "
        f"embedding vector({DIMENSIONS}) NOT NULL)"
    )
    cursor.execute(f"CREATE INDEX IF NOT EXISTS {TABLE}_document ON {TABLE} (document_id)")
    cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    return tuple(int(part) for part in cursor.fetchone()[0].split(".")[:2])


def _fill(cursor: Any, documents: Sequence[int]) -> int:
    """What has been embedded since, and without what is gone. Returns how many are new."""
    new = 0
    cursor.execute(
        f"""DELETE FROM {TABLE} kept WHERE document_id = ANY(%s)
        AND NOT EXISTS (SELECT 1 FROM characters_documentpiece piece WHERE piece.id = kept.piece_id)""",  # noqa: S608
        [list(documents)],
    )
    while True:
        cursor.execute(
            f"""SELECT piece.id, piece.document_id, piece.vector FROM characters_documentpiece piece
            LEFT JOIN {TABLE} kept ON kept.piece_id = piece.id
            WHERE piece.document_id = ANY(%s) AND piece.vector IS NOT NULL AND kept.piece_id IS NULL
            LIMIT {AT_ONCE}""",  # noqa: S608
            [list(documents)],
        )
        rows = cursor.fetchall()
        if not rows:
            return new
        new += len(rows)
        vectors = rows_of([bytes(row[2]) for row in rows]).astype(np.float32)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        values = [
            value
            for (piece, document, _), vector in zip(rows, vectors, strict=True)
            for value in (piece, document, _text(vector))
        ]
        places = ", ".join(["(%s, %s, %s::vector)"] * len(rows))
        cursor.execute(f"INSERT INTO {TABLE} VALUES {places}", values)  # noqa: S608


def _index(cursor: Any) -> None:
    """Made when the table is first filled: of all rows at once it takes a fraction of row by row.

    Without a look at the rows PostgreSQL believes them to be few, and would compare each with the question.
    """
    cursor.execute(f"ANALYZE {TABLE}")
    cursor.execute("SELECT to_regclass(%s)", [f"{TABLE}_near"])
    if cursor.fetchone()[0]:
        return
    cursor.execute("SET LOCAL statement_timeout = 0")  # minutes, of hundreds of thousands
    cursor.execute(f"SET LOCAL maintenance_work_mem = '{INDEX_MEGABYTES}MB'")
    cursor.execute("SET LOCAL max_parallel_maintenance_workers = 0")  # voices come first
    cursor.execute(f"CREATE INDEX {TABLE}_near ON {TABLE} USING hnsw (embedding vector_cosine_ops)")


def _text(vector: Vectors) -> str:
    return "[" + ",".join(f"{value:.5f}" for value in vector) + "]"


def _parsed(text: str) -> Vectors:
    return np.array(text.strip("[]").split(","), np.float32)

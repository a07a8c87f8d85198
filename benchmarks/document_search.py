"""A character's documents searched in memory, and by pgvector: what loading takes, a search, and whether both
find the same. In a database of its own, which goes again.

.venv/bin/python -m benchmarks.document_search [--pieces 20000] [--questions 100]

Vectors are made up, around centres, as those of texts are around their subjects; each question is near a
piece.
"""

import argparse
import time
from statistics import median
from typing import Any

import numpy as np

import benchmarks.django_ready  # noqa: F401
from benchmarks.scratch_database import scratch_database

DATABASE = "greenroom_benchmark_document_search"
PIECES_OF_A_SUBJECT = 40
SPREAD, ASKED_SPREAD = 0.6, 0.3  # beside a centre of length 1
WORDS = "The quay is wet and the crane creaks while old men mend their nets in the fog of the harbour. "
MOST = 3
AT_ONCE = 5_000
PATIENCE_SECS = 60.0


def _unit(vectors: Any) -> Any:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def give(pieces: int, random: np.random.Generator) -> Any:
    """Puts one document of so many pieces into the database; what some of them mean."""
    from django.db import connection

    from characters.models import Document
    from voicebot.documents import as_bytes
    from voicebot.documents.vectors import common
    from voicebot.meaning import DIMENSIONS

    shared = common()
    document = Document.objects.create(
        sha256="0" * 64,
        title="The log",
        file_name="log.md",
        size=1,
        state=Document.State.READY,
        piece_count=pieces,
        embedded_count=pieces,
    )
    apart = float(np.sqrt(1 - shared @ shared))
    centres = _unit(random.normal(size=(max(1, pieces // PIECES_OF_A_SUBJECT), DIMENSIONS)))
    kept = []
    for first in range(0, pieces, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, pieces))
        noise = _unit(random.normal(size=(len(numbers), DIMENSIONS)))
        own = _unit(centres[random.integers(len(centres), size=len(numbers))] + SPREAD * noise)
        vectors = _unit(shared + apart * own).astype(np.float32)
        kept.append(own[:: max(1, len(numbers) // 25)])
        with (
            connection.cursor() as cursor,
            cursor.copy(
                'COPY characters_documentpiece (document_id, "order", heading, text, vector) FROM STDIN'
            ) as copy,
        ):
            for number, vector in zip(numbers, vectors, strict=True):
                copy.write_row([document.pk, number, f"Day {number}", WORDS * 6, as_bytes(vector)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE characters_documentpiece")
    return document, np.concatenate(kept), shared, apart


def row(name: str, took: list[float]) -> None:
    took = sorted(1000 * secs for secs in took)
    print(f"| {name} | {median(took):.1f} | {took[int(len(took) * 0.95)]:.1f} | {took[-1]:.1f} |", flush=True)


def measure(pieces: int, questions: int) -> None:
    from django.test import override_settings

    from voicebot.documents import DocumentIndexes, pgvector

    random = np.random.default_rng(1)
    document, near, shared, apart = give(pieces, random)
    near = near[random.permutation(len(near))[:questions]]
    asked = _unit(shared + apart * _unit(near + ASKED_SPREAD * _unit(random.normal(size=near.shape))))
    pgvector.WITHIN_SECS = PATIENCE_SECS  # how long it takes is what is asked here
    found, titles = {}, ("in memory", "by pgvector")
    print(f"{pieces} pieces, {len(asked)} questions")
    times = {}
    for title, at_least in zip(titles, (pieces + 1, 1), strict=True):
        with override_settings(DOCUMENT_PGVECTOR_PIECES=at_least):
            began = time.perf_counter()
            index = DocumentIndexes().load((document.sha256,))
            print(f"{type(index).__name__}: loaded in {time.perf_counter() - began:.1f} s", flush=True)
        took, found[title] = [], []
        for question in asked.astype(np.float32):
            began = time.perf_counter()
            hits = index.search(question, MOST)
            took.append(time.perf_counter() - began)
            found[title].append([hit.passage.heading for hit in hits])
        times[title] = took
    print("| ms | median | 95 % | most |\n| --- | --- | --- | --- |")
    for title, took in times.items():
        row(title, took)
    pairs = list(zip(found[titles[0]], found[titles[1]], strict=True))
    first = sum(here[:1] == there[:1] for here, there in pairs)
    both = sum(len(set(here) & set(there)) for here, there in pairs)
    print(
        f"the same first piece: {first} of {len(pairs)}; of {MOST}: {both} of {sum(len(h) for h, _ in pairs)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pieces", type=int, default=20_000)
    parser.add_argument("--questions", type=int, default=100)
    options = parser.parse_args()
    with scratch_database(DATABASE):
        measure(options.pieces, options.questions)


if __name__ == "__main__":
    main()

"""How fast a character's documents are searched at a turn, and what they take in memory.

.venv/bin/python -m benchmarks.documents [--pieces 20000] [--rounds 50]

Vectors are made up (their search takes as long as that of real ones), questions are read by the real engine.
"""

import argparse
import time
from statistics import median

import numpy as np

from benchmarks import django_ready  # noqa: F401
from benchmarks.memory import pairs
from voicebot.documents import DocumentIndex, Passage, as_bytes, rows_of
from voicebot.meaning import DIMENSIONS, PassageReader, embeddings

WORDS = "The quay is wet and the crane creaks while old men mend their nets in the fog of the harbour. "


def index_of(pieces: int) -> DocumentIndex:
    vectors = np.random.default_rng(1).normal(size=(pieces, DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    passages = [Passage("The log", f"Day {number}", WORDS * 6) for number in range(pieces)]
    return DocumentIndex(passages, rows_of([as_bytes(vector) for vector in vectors]))


def row(name: str, took: list[float]) -> None:
    took = sorted(1000 * secs for secs in took)
    print(f"| {name} | {median(took):.1f} | {took[int(len(took) * 0.95)]:.1f} | {took[-1]:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pieces", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    began = time.perf_counter()
    index = index_of(options.pieces)
    print(f"{options.pieces} pieces; vectors and index made in {time.perf_counter() - began:.1f} s")
    engine = embeddings()
    engine.warm()
    read, searched, both = [], [], []
    for _, question in pairs("English")[: options.rounds]:
        began = time.perf_counter()
        vector = engine.of_question(question).result()
        known = time.perf_counter()
        index.search(vector, 3)
        done = time.perf_counter()
        read.append(known - began)
        searched.append(done - known)
        both.append(done - began)
    print("| ms | median | 95 % | most |\n| --- | --- | --- | --- |")
    row("reading the question, once for all that look for something", read)
    row(f"searching {options.pieces} pieces", searched)
    row("both", both)
    reader, took = PassageReader(), []
    for _ in range(5):
        began = time.perf_counter()
        reader.of(WORDS * 8).result()
        took.append(time.perf_counter() - began)
    row("embedding one piece of 750 letters, in the background", took[1:])


if __name__ == "__main__":
    main()

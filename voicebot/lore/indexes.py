"""Indexes of the lorebooks in use, by what they say: read beforehand, in a thread of their own."""

import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

from django.conf import settings

from characters.lore import Lorebook, Nearness
from voicebot.lore import certainty
from voicebot.lore.index import Background, LoreIndex, text_of
from voicebot.meaning import (
    ReadingBehind,
    SentenceEmbeddings,
    VectorStore,
    embeddings,
    meaning_in_time,
    question_in,
)

KEPT_INDEXES, KEPT_DRAFTS = 64, 8
WITHIN_SECS = 0.02  # for the vector of what was said; it is read for memories and written answers, too
PATIENCE_SECS, READING_SECS = 2.0, 5.0  # at the desk, for the question and for entries just written
FILE = "meanings.sqlite3"


class LoreIndexes:
    """Knows `kept` indexes. An index goes by letters until its vectors are there."""

    def __init__(
        self,
        engine: SentenceEmbeddings,
        passages: VectorStore,
        questions: VectorStore,
        kept: int = KEPT_INDEXES,
    ):
        self._engine, self._passages, self._questions, self._kept = engine, passages, questions, kept
        self._known: OrderedDict[tuple[tuple[int, str], ...], LoreIndex] = OrderedDict()
        # By the book itself: what thousands of entries say is not put together again at each turn.
        self._by_book: OrderedDict[int, tuple[weakref.ref[Lorebook], LoreIndex]] = OrderedDict()
        self._background: Background | None = None
        self._lock = threading.Lock()
        self._reader = ReadingBehind("lore", "entries of lore")

    def index(self, book: Lorebook, *, ahead: bool = False) -> LoreIndex:
        """That of a book. `ahead`: nobody waits for its meanings yet."""
        with self._lock:
            of, known = self._by_book.get(id(book), (None, None))
        if of is not None and known is not None and of() is book:
            return known
        key = tuple((entry.number, text_of(entry)) for entry in book.by_meaning)
        with self._lock:
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = LoreIndex(book.by_meaning)
                self._reader.submit(partial(self._read, found, time.sleep if ahead else None))
            self._known.move_to_end(key)
            self._by_book[id(book)] = weakref.ref(book), found
            for kept in (self._known, self._by_book):
                while len(kept) > self._kept:
                    kept.popitem(last=False)
        return found

    def _read(self, index: LoreIndex, rest: Callable[[float], None] | None) -> None:
        if self._background is None:
            self._background = Background.of(
                self._passages.vectors(certainty.SENTENCES, self._engine.of_passages),
                self._questions.vectors(certainty.SENTENCES, self._engine.of_questions),
            )
        read = partial(self._engine.of_passages, rest=rest)
        index.take(self._passages.vectors(index.texts, read), self._background)

    def read(self, within_secs: float | None = None) -> None:
        """Waits until the vectors of all indexes are there, are known not to come, or time is over."""
        self._reader.wait(within_secs)

    def near(
        self, book: Lorebook, words: str, within_secs: float = WITHIN_SECS, *, patient: bool = False
    ) -> Mapping[int, Nearness]:
        """How near the entries of a book that fire by meaning are to what was said, by their numbers.

        Blocks, at most `within_secs`. `patient`: entries that are not read yet are waited for.
        """
        words = words.strip()
        if not words or not book.by_meaning:
            return {}
        index = self.index(book)
        if patient and not index.by_meaning:
            self.read(READING_SECS)
        if not index.by_meaning:
            return index.near(words, None)
        return index.near(words, meaning_in_time(self._engine, question_in(words), within_secs))


def _made(kept: int) -> LoreIndexes:
    path = Path(settings.DATA_DIR) / FILE
    return LoreIndexes(embeddings(), VectorStore(path, "passage "), VectorStore(path), kept)


@cache
def lore_indexes() -> LoreIndexes:
    """Those of this process; vectors are kept in DATA_DIR."""
    return _made(KEPT_INDEXES)


@cache
def _drafts() -> LoreIndexes:
    """Of what is not published: apart, so that typing drives no book on stage out."""
    return _made(KEPT_DRAFTS)


def drafts_near(book: Lorebook, words: str) -> Mapping[int, Nearness]:
    """As `LoreIndexes.near`, of a draft. Blocks for seconds where there is much to read."""
    return _drafts().near(book, words, PATIENCE_SECS, patient=True)

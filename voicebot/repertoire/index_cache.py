"""Indexes of this process, by what is written: made once for each version, in a thread of their own."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from django.conf import settings

from characters import prompts
from characters.spec import CharacterSpec
from voicebot.meaning import (
    ReadingBehind,
    SentenceEmbeddings,
    Vectors,
    VectorStore,
    embeddings,
    meaning_in_time,
)
from voicebot.repertoire.answers import WrittenAnswers
from voicebot.repertoire.index import Match, RepertoireIndex

KEPT_INDEXES = 64  # of a few MB for a thousand exchanges


@dataclass(frozen=True)
class Written:
    """What a character has written: to be searched, and to be known again."""

    index: RepertoireIndex
    answers: WrittenAnswers


class IndexCache:
    """Knows the indexes in use, `kept` of them. An index goes by letters until its vectors are there."""

    def __init__(self, engine: SentenceEmbeddings, store: VectorStore, kept: int = KEPT_INDEXES):
        self._engine, self._store, self._kept = engine, store, kept
        self._known: OrderedDict[tuple[str, str, str], Written] = OrderedDict()
        self._lock = threading.Lock()
        self._reader = ReadingBehind("repertoire", "a repertoire's questions")

    def written(self, spec: CharacterSpec, *, ahead: bool = False) -> Written:
        """What is written of a character. The first time for a version it takes a moment: 0.2 s for a
        thousand exchanges, so no event loop calls this. `ahead`: nobody waits for its meanings yet."""
        key = spec.examples, spec.name, spec.nickname
        with self._lock:
            found = self._known.get(key)
            if found is None:
                found = Written(RepertoireIndex(spec), WrittenAnswers(prompts.repertoire_of(spec)))
                self._known[key] = found
                self._reader.submit(partial(self._read, found.index, time.sleep if ahead else None))
            self._known.move_to_end(key)
            while len(self._known) > self._kept:
                self._known.popitem(last=False)
        return found

    def _read(self, index: RepertoireIndex, rest: Callable[[float], None] | None) -> None:
        read = partial(self._engine.of_questions, rest=rest)
        index.take_vectors(self._store.vectors(index.questions, read))

    def read(self, within_secs: float | None = None) -> None:
        """Waits until the vectors of all indexes are there, are known not to come, or time is over."""
        self._reader.wait(within_secs)

    def matches(
        self, index: RepertoireIndex, question: str, *, last: int | None = None, within_secs: float
    ) -> list[Match]:
        """What fits a question; by letters alone where its meaning is not known in time."""
        return index.matches(question, self.meaning(index, question, within_secs), last=last)

    def meaning(self, index: RepertoireIndex, question: str, secs: float) -> Vectors | None:
        """The vector of a question, None where it cannot be had in time or compared with this index."""
        return meaning_in_time(self._engine, question, secs) if index.by_meaning else None


@cache
def index_cache() -> IndexCache:
    """That of this process; vectors are kept in DATA_DIR."""
    return IndexCache(embeddings(), VectorStore(Path(settings.DATA_DIR) / "meanings.sqlite3"))

"""Sentence embeddings on this machine, in any language: one engine for a process, vectors kept on disk.

Where the engine's wheel is missing, or was built for another machine, there is lexical similarity alone.
"""

from voicebot.meaning.embeddings import (
    DIMENSIONS,
    EmbeddingsMissing,
    SentenceEmbeddings,
    Vectors,
    embeddings,
    go_behind,
)
from voicebot.meaning.lexical import LexicalIndex
from voicebot.meaning.passages import PassageReader
from voicebot.meaning.questions import Embeds, meaning_in_time, question_in, readings
from voicebot.meaning.reading_behind import ReadingBehind
from voicebot.meaning.vector_store import VectorStore

__all__ = [
    "DIMENSIONS",
    "EmbeddingsMissing",
    "Embeds",
    "LexicalIndex",
    "PassageReader",
    "ReadingBehind",
    "SentenceEmbeddings",
    "VectorStore",
    "Vectors",
    "embeddings",
    "go_behind",
    "meaning_in_time",
    "question_in",
    "readings",
]

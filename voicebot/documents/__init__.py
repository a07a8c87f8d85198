"""Documents of characters: read and embedded beside live conversations, found at a turn by meaning."""

from voicebot.documents import pgvector
from voicebot.documents.index import UNRELATED, DocumentIndex, Hit, Passage
from voicebot.documents.index_cache import DocumentIndexes, indexes
from voicebot.documents.pgvector import PostgresIndex
from voicebot.documents.preview import preview
from voicebot.documents.reading import DocumentReading
from voicebot.documents.recall import Recalled, recalled, room_for, told
from voicebot.documents.vectors import as_bytes, rows_of

__all__ = [
    "UNRELATED",
    "DocumentIndex",
    "DocumentIndexes",
    "DocumentReading",
    "Hit",
    "Passage",
    "PostgresIndex",
    "Recalled",
    "as_bytes",
    "indexes",
    "pgvector",
    "preview",
    "recalled",
    "room_for",
    "rows_of",
    "told",
]

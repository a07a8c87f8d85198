"""What a character remembers of a visitor beyond a session: consent, facts and episodes, sealed and bounded.

`Memories` for coroutines, else `SyncMemories`. What it gives back is in the clear: in memory only.
"""

from sessions_app.memories.async_face import Memories
from sessions_app.memories.keeping import SyncMemories
from sessions_app.memories.merging import is_about, matching
from sessions_app.memories.recollection import (
    ASKED,
    MEMORY_CHARACTERS,
    Bounds,
    Finding,
    Known,
    Learnt,
    Recollection,
    plain_words,
)
from sessions_app.memories.retention import erase_again, purge
from sessions_app.memories.sealing import words_of

__all__ = [
    "ASKED",
    "MEMORY_CHARACTERS",
    "Bounds",
    "Finding",
    "Known",
    "Learnt",
    "Memories",
    "Recollection",
    "SyncMemories",
    "erase_again",
    "is_about",
    "matching",
    "plain_words",
    "purge",
    "words_of",
]

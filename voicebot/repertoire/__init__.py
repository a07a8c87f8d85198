"""A character's written exchanges: found by meaning, spoken in turn, followed up, and shown to models.

Nothing here knows a session: what was spoken last follows from the history.
"""

from voicebot.repertoire.answers import Answer, Source, WrittenAnswers
from voicebot.repertoire.certainty import (
    BESIDE_SMALL_MODEL,
    BY_MODEL,
    SHOWN_TO_MODEL,
    SHOWN_TO_SMALL,
    SPOKEN,
    SPOKEN_FOR_MODEL,
    WITHOUT_MODEL,
    SpeaksFromRepertoire,
    Spoken,
)
from voicebot.repertoire.honesty import NOTE as HONESTY_NOTE
from voicebot.repertoire.honesty import asks_whether_machine
from voicebot.repertoire.index import Match, RepertoireIndex, questions_of
from voicebot.repertoire.index_cache import IndexCache, Written, index_cache
from voicebot.repertoire.personal import Told, asked_of_self, told_in
from voicebot.repertoire.preview import drafts, preview
from voicebot.repertoire.turn import (
    ANSWER_SECS,
    SEARCH_SECS,
    WrittenContext,
    WrittenTurn,
    asked_in,
    find,
    written_turn,
)
from voicebot.repertoire.unwritten import Said, Unwritten, unwritten

__all__ = [
    "ANSWER_SECS",
    "BESIDE_SMALL_MODEL",
    "BY_MODEL",
    "HONESTY_NOTE",
    "SEARCH_SECS",
    "SHOWN_TO_MODEL",
    "SHOWN_TO_SMALL",
    "SPOKEN",
    "SPOKEN_FOR_MODEL",
    "WITHOUT_MODEL",
    "Answer",
    "IndexCache",
    "Match",
    "RepertoireIndex",
    "Said",
    "Source",
    "SpeaksFromRepertoire",
    "Spoken",
    "Told",
    "Unwritten",
    "Written",
    "WrittenAnswers",
    "WrittenContext",
    "WrittenTurn",
    "asked_in",
    "asked_of_self",
    "asks_whether_machine",
    "drafts",
    "find",
    "index_cache",
    "preview",
    "questions_of",
    "told_in",
    "unwritten",
    "written_turn",
]

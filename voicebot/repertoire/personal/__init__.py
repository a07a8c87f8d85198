"""Personal questions: what visitors ask of themselves, and what they have told that answers it."""

from voicebot.repertoire.personal.lines import known_lines, noted_lines, unknown_lines
from voicebot.repertoire.personal.questions import Asked, asked_of_self
from voicebot.repertoire.personal.told import Told, answer_of, clause_of, told_in

__all__ = [
    "Asked",
    "Told",
    "answer_of",
    "asked_of_self",
    "clause_of",
    "known_lines",
    "noted_lines",
    "told_in",
    "unknown_lines",
]

"""What a character learns of its visitor and recalls at a turn: rules, recall, the keeper of a connection.

What is kept, and how, is `sessions_app.memories`.
"""

from voicebot.memories.corrections import corrected_name
from voicebot.memories.drawing import AsksModel
from voicebot.memories.learning import Learning
from voicebot.memories.recall import RECALLED_TOKENS, Recall
from voicebot.memories.remembering import YES, Remembering
from voicebot.memories.rules import clear_answer, findings_of, forget_request, is_sensitive, said_of_self

__all__ = [
    "RECALLED_TOKENS",
    "YES",
    "AsksModel",
    "Learning",
    "Recall",
    "Remembering",
    "clear_answer",
    "corrected_name",
    "findings_of",
    "forget_request",
    "is_sensitive",
    "said_of_self",
]

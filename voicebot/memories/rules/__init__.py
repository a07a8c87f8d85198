"""Rules for what visitors say of themselves, in English and Chinese; calendar words; what is sensitive."""

from voicebot.memories.rules.calendar import day_meant, written
from voicebot.memories.rules.english import about
from voicebot.memories.rules.findings import (
    MOST_FINDINGS,
    TURN_CHARACTERS,
    clear_answer,
    consent_said,
    findings_of,
    forget_request,
    said_of_self,
)
from voicebot.memories.rules.sensitive import is_sensitive

__all__ = [
    "MOST_FINDINGS",
    "TURN_CHARACTERS",
    "about",
    "clear_answer",
    "consent_said",
    "day_meant",
    "findings_of",
    "forget_request",
    "is_sensitive",
    "said_of_self",
    "written",
]

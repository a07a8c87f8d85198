"""The ears of this machine: Whisper in two sizes, what they hear, and what they take for no speech."""

from voicebot.providers.local.ears.models import (
    EarsUnavailable,
    english,
    for_languages,
    languages,
    loaded,
    multilingual,
    trouble,
)
from voicebot.providers.local.ears.recogniser import (
    MARGIN_FRAMES,
    MAX_FRAMES,
    MAX_TOKENS,
    NO_REPEAT,
    RATE_HZ,
    Expected,
    Heard,
    Recogniser,
    repeats_itself,
    token_limit,
)

__all__ = [
    "MARGIN_FRAMES",
    "MAX_FRAMES",
    "MAX_TOKENS",
    "NO_REPEAT",
    "RATE_HZ",
    "EarsUnavailable",
    "Expected",
    "Heard",
    "Recogniser",
    "english",
    "for_languages",
    "languages",
    "loaded",
    "multilingual",
    "repeats_itself",
    "token_limit",
    "trouble",
]

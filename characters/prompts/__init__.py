"""From a character to the messages that its language model gets: pure functions, no database."""

from characters.prompts.rendering import (
    DEFAULT_LIMIT,
    PICK_UP,
    REMEMBERED,
    REPLY_TOKENS,
    SPEAK_UP,
    SUMMARY_CHARACTERS,
    Message,
    Prompt,
    activate,
    greeting,
    greeting_index,
    render,
    room_for_history,
)

__all__ = [
    "DEFAULT_LIMIT",
    "PICK_UP",
    "REMEMBERED",
    "REPLY_TOKENS",
    "SPEAK_UP",
    "SUMMARY_CHARACTERS",
    "Message",
    "Prompt",
    "activate",
    "greeting",
    "greeting_index",
    "render",
    "room_for_history",
]

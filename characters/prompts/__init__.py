"""From a character to the messages that its language model gets: pure functions, no database."""

from characters.prompts.examples import (
    ANYTHING,
    Exchange,
    Repertoire,
    has_more_examples,
    repertoire_of,
    unnamed_exchanges,
)
from characters.prompts.filling import macros_of
from characters.prompts.openers import openers_in, openers_of, without_openers
from characters.prompts.parts import text_of
from characters.prompts.rendering import (
    DEFAULT_LIMIT,
    PICK_UP,
    REMEMBERED,
    REPLY_TOKENS,
    SPEAK_UP,
    SUMMARY_CHARACTERS,
    WELCOME_BACK,
    Message,
    Prompt,
    activate,
    greeting,
    greeting_index,
    render,
    room_for_history,
    shown,
)

__all__ = [
    "ANYTHING",
    "DEFAULT_LIMIT",
    "PICK_UP",
    "REMEMBERED",
    "REPLY_TOKENS",
    "SPEAK_UP",
    "SUMMARY_CHARACTERS",
    "WELCOME_BACK",
    "Exchange",
    "Message",
    "Prompt",
    "Repertoire",
    "activate",
    "greeting",
    "greeting_index",
    "has_more_examples",
    "macros_of",
    "openers_in",
    "openers_of",
    "render",
    "repertoire_of",
    "room_for_history",
    "shown",
    "text_of",
    "unnamed_exchanges",
    "without_openers",
]

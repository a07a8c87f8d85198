"""Openers: first words that a character says while its answer is still being thought of ("Let me see.").

Its language model never wrote them, and would begin to: they are heard and kept in the history, and taken out
of what the model reads.
"""

import unicodedata
from collections.abc import Sequence

from characters.prompts.parts import text_of
from characters.prompts.rendering import Message
from characters.spec import CharacterSpec

MOST = 8  # of one character; each is recorded in its voice
MOST_CHARACTERS = 60  # of one: longer than a breath, and the answer waits for it


def openers_in(text: str) -> list[str]:
    """What an editor wrote, one a line, without what is too much or too long."""
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in dict.fromkeys(lines) if 0 < len(line) <= MOST_CHARACTERS][:MOST]


def openers_of(spec: CharacterSpec) -> list[str]:
    """The character's, in the language that it speaks."""
    return openers_in(spec.openers)


def without_openers(spec: CharacterSpec, history: Sequence[Message]) -> Sequence[Message]:
    """The messages, each of the character's without the opener that it begins with."""
    openers = sorted(openers_of(spec), key=len, reverse=True)
    return [_without(openers, message) for message in history] if openers else history


def _without(openers: Sequence[str], message: Message) -> Message:
    if message["role"] != "assistant":
        return message
    text = text_of(message)
    for opener in openers:
        if _is_cut_from_a_word(opener, text):
            continue
        rest = text.removeprefix(opener).lstrip()
        if rest and rest != text:
            return {**message, "content": rest}
    return message


def _is_cut_from_a_word(opener: str, text: str) -> bool:
    """Whether a text that begins with an opener goes on within a word: “Well” and “Wellington”."""
    following = text[len(opener) : len(opener) + 1]
    spaceless = unicodedata.east_asian_width(following or " ") in "WF"
    return opener[-1].isalnum() and following.isalnum() and not spaceless

"""The context of the language model as the conversation's history: which message is which turn.

Turns have numbers, messages have none, and the two do not come at the same moment: typed words are a turn
before they are a message. What a summary covers leaves the context by number, never by counting messages.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pipecat.processors.aggregators.llm_context import LLMContext, LLMContextMessage

from characters.text import cleaned
from sessions_app.session import CUT_OFF, Past, Turn

CONTEXT_TURNS = 200  # that a resumed conversation begins with; a summary keeps it far below that
LATELY = 12  # messages at the end of the context, among which that of a new turn is looked for


def as_message(turn: Turn) -> LLMContextMessage:
    """A turn as a message; one that was cut off ends where the visitor spoke into it."""
    return cast(LLMContextMessage, {"role": turn.role, "content": turn.shown})


def mark_cut_off(context: LLMContext, content: str) -> None:
    """Tells the model, too, that its last words of this `content` did not get to their end."""
    for message in reversed(context.get_messages()):
        if isinstance(message, dict) and (message.get("role"), message.get("content")) == (
            "assistant",
            content,
        ):
            message["content"] = content + CUT_OFF
            return


class ContextHistory:
    """The context of one connection, begun with what the session remembers."""

    def __init__(self, past: Past):
        self.context = LLMContext([as_message(turn) for turn in past.turns])
        self._numbers: list[tuple[int, Any]] = list(
            zip((turn.sequence for turn in past.turns), self.context.get_messages(), strict=True)
        )
        self._awaited: list[Turn] = []  # turns whose message was not there yet

    def note(self, turn: Turn) -> None:
        """A turn was recorded: its message is in the context, or will be in a moment."""
        awaited, self._awaited = self._awaited, []
        for each in (*awaited, turn):
            message = self._message_of(each)
            if message is not None:
                self._numbers.append((each.sequence, message))
            elif each is turn:
                self._awaited = [turn]

    def _message_of(self, turn: Turn) -> Any | None:
        taken = {id(message) for _, message in self._numbers}
        for message in reversed(self.context.get_messages()[-LATELY:]):
            if not isinstance(message, Mapping) or id(message) in taken:
                continue
            words = message.get("content")
            if message.get("role") != turn.role or not isinstance(words, str):
                continue
            if cleaned(words) in (turn.text, turn.shown):
                return message
        return None

    def said(self) -> Sequence[str]:
        """The words of the context, oldest first."""
        contents = [m.get("content") for m in self.context.get_messages() if isinstance(m, dict)]
        return [words for words in contents if isinstance(words, str)]

    def forget(self, upto: int) -> None:
        """Takes out the messages of turns up to number `upto`, and whatever stands between them.

        Of a message whose number is not known, and of one that stands among later ones, it stays: a word
        that the model reads twice does no harm.
        """
        number_of = {id(message): number for number, message in self._numbers}
        messages, end = self.context.get_messages(), 0
        for place, message in enumerate(messages, 1):
            number = number_of.get(id(message))
            if number is not None and number > upto:
                break
            if number is not None:
                end = place
        gone = {id(message) for message in messages[:end]}
        self.context.set_messages(messages[end:])
        self._numbers = [(number, message) for number, message in self._numbers if id(message) not in gone]

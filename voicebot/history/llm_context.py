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


def as_messages(turn: Turn) -> list[LLMContextMessage]:
    """A turn as messages; one that was cut off ends where the visitor spoke into it.

    The call of a tool is two: what was asked, and the answer.
    """
    if turn.role == "tool":
        return cast(list[LLMContextMessage], turn.call.messages() if turn.call else [])
    return [cast(LLMContextMessage, {"role": turn.role, "content": turn.shown})]


def is_call(message: Any) -> bool:
    """Whether a message is the call of a tool, or its answer."""
    return isinstance(message, Mapping) and ("tool_calls" in message or message.get("role") == "tool")


def mark_cut_off(context: LLMContext, content: str) -> None:
    """Tells the model, too, that its last words of this `content` did not get to their end."""
    for message in reversed(context.get_messages()):
        if isinstance(message, dict) and (message.get("role"), message.get("content")) == (
            "assistant",
            content,
        ):
            message["content"] = content + CUT_OFF
            return


def call_id_of(message: Any) -> str | None:
    """Which call a message is of, None if of none."""
    if not is_call(message):
        return None
    calls = message.get("tool_calls") or [{}]
    return cast(str | None, message.get("tool_call_id") or calls[0].get("id"))


class ContextHistory:
    """The context of one connection, begun with what the session remembers."""

    def __init__(self, past: Past):
        told = [(turn.sequence, message) for turn in past.turns for message in as_messages(turn)]
        self.context = LLMContext([message for _, message in told])
        self._numbers: list[tuple[int, Any]] = [
            (number, message) for (number, _), message in zip(told, self.context.get_messages(), strict=True)
        ]
        self._awaited: list[Turn] = []  # turns whose message was not there yet

    def note(self, turn: Turn) -> None:
        """A turn was recorded: its message is in the context, or will be in a moment."""
        awaited, self._awaited = self._awaited, []
        for each in (*awaited, turn):
            found = self._messages_of(each)
            self._numbers += [(each.sequence, message) for message in found]
            if not found and each is turn:
                self._awaited = [turn]

    def _messages_of(self, turn: Turn) -> list[Any]:
        taken = {id(message) for _, message in self._numbers}
        lately = self.context.get_messages()[-LATELY:]
        if turn.role == "tool":
            return [message for message in lately if turn.call and call_id_of(message) == turn.call.id]
        for message in reversed(lately):
            if not isinstance(message, Mapping) or id(message) in taken:
                continue
            words = message.get("content")
            if message.get("role") != turn.role or not isinstance(words, str):
                continue
            if cleaned(words) in (turn.text, turn.shown):
                return [message]
        return []

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

"""Ledger: what of a conversation a vendor's session knows, and what it has to be told.

The vendor keeps a conversation of its own: what it heard, and what it said. The prompt of a turn holds the
whole of it as text. What was spoken is known there already; what was typed, what a tool called by a key word
gave, what the house said in a recorded voice, and lore for this turn are not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from characters.prompts import Message, text_of
from sessions_app.session import CUT_OFF

ASIDES_AMONG = 6  # of the newest messages: lore and notes that stand before them are for this turn


class HasWords(Protocol):
    """A reply of the vendor's, with what has come of its words."""

    transcript: str


@dataclass
class Told:
    """Words of the character's that the session was told."""

    transcript: str


def _plain(text: str) -> str:
    """A text's letters: pieces of speech are joined with spaces and without, and signs are nobody's words."""
    return "".join(letter for letter in text.removesuffix(CUT_OFF).casefold() if letter.isalnum())


def is_aside(message: Message) -> bool:
    """Whether a message is nobody's words, but a note for this turn."""
    return message["role"] in ("system", "developer")


def calls_of(message: Message) -> list[str]:
    """The calls of functions that a message is about."""
    if message["role"] == "tool":
        return [str(message.get("tool_call_id", ""))]
    return [str(call.get("id", "")) for call in cast(Any, message.get("tool_calls") or ())]


@dataclass(frozen=True)
class News:
    """What the session is to be told before it answers: words that stay, and notes for this turn."""

    said: Sequence[Message] = ()
    asides: Sequence[Message] = ()


@dataclass
class Ledger:
    """Of one session."""

    _question: str = ""  # the last words of the visitor that it knows, their letters
    _times: int = 0  # how often these stood in the conversation
    _spoken: list[str] = field(default_factory=list)  # what it has heard since
    _replies: list[HasWords] = field(default_factory=list)  # what it has said since
    _calls: set[str] = field(default_factory=set)  # calls that it has made
    _answered: set[str] = field(default_factory=set)

    def heard(self, text: str) -> None:
        """The vendor has a piece of speech with these words."""
        self._spoken.append(_plain(text))

    def replies(self, reply: HasWords) -> None:
        """It says this."""
        self._replies.append(reply)

    def called(self, call_id: str) -> None:
        """It has called a function, and waits for the answer."""
        self._calls.add(call_id)

    def everything(self, messages: Sequence[Message]) -> list[Message]:
        """The whole conversation, for a session that knows nothing yet."""
        said = [message for message in messages if not is_aside(message)]
        self._spoken, self._replies = [], []
        self._note(said)
        if not self._question:  # all that there is comes after no question: it is known for its words
            self._replies = [Told(text_of(message)) for message in said]
        for message in said:
            self._calls.update(calls_of(message))
            if message["role"] == "tool":
                self._answered.update(calls_of(message))
        return said

    def news(self, messages: Sequence[Message]) -> News:
        """What it does not know of the conversation with this turn."""
        said = [message for message in messages if not is_aside(message)]
        new = self._unknown(self._since(said))
        calls = [message for message in said if calls_of(message) and self._is_new_call(message)]
        self._note(said)
        return News([*calls, *new], asides_of(messages))

    def _since(self, said: Sequence[Message]) -> list[Message]:
        """What stands behind the last question that it knows."""
        questions = [at for at, message in enumerate(said) if self._is_question(message)]
        if not questions or len(questions) > self._times:
            known = questions[self._times - 1] if self._question and self._times else -1
        else:
            known = questions[-1]
        return [message for message in said[known + 1 :] if not calls_of(message)]

    def _is_question(self, message: Message) -> bool:
        return message["role"] == "user" and _plain(text_of(message)) == self._question

    def _unknown(self, messages: Iterable[Message]) -> list[Message]:
        """Those that it has neither heard nor said; what it has is forgotten."""
        known = {
            "user": "".join(self._spoken),
            "assistant": "".join(_plain(reply.transcript) for reply in self._replies),
        }
        self._spoken, self._replies = [], []
        new = []
        for message in messages:
            role, words = message["role"], _plain(text_of(message))
            if words and words in known.get(role, ""):
                known[role] = known[role].replace(words, "", 1)
            elif words:
                new.append(message)
        return new

    def _is_new_call(self, message: Message) -> bool:
        calls = set(calls_of(message))
        if message["role"] == "tool":
            new = not calls <= self._answered
            self._answered |= calls
            return new
        new = not calls <= self._calls
        self._calls |= calls
        return new

    def _note(self, said: Sequence[Message]) -> None:
        words = [_plain(text_of(message)) for message in said if message["role"] == "user"]
        self._question = words[-1] if words else ""
        self._times = words.count(self._question) if words else 0


def asides_of(messages: Sequence[Message]) -> list[Message]:
    """The notes among the newest messages."""
    newest = 0
    for at in range(len(messages) - 1, -1, -1):
        newest += not is_aside(messages[at])
        if newest > ASIDES_AMONG:
            return [message for message in messages[at + 1 :] if is_aside(message)]
    return [message for message in messages if is_aside(message)]

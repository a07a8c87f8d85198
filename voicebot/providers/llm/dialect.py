"""Dialects of the OpenAI chat API: which roles a server takes, in which order, and what it calls its limit.

Open models are asked through a chat template, and many a template raises where OpenAI's own API would not:
Gemma's and Mistral's want user and assistant in turn, beginning with the user, and at most one system message
in front; Gemma 2's knows none; hardly any knows `developer`. A pass over the finished messages, right before
the request, makes any conversation one that all of them take. See docs/providers.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from characters.text import cleaned_json

OPENAI_HOSTS = ("openai.com", "azure.com")
OPENING = "(The visitor has come in.)"  # where the character spoke first
GO_ON = "(Go on.)"  # where the character spoke last
BETWEEN = "\n\n"

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a server wants to be asked."""

    strict: bool  # roles alternate, and the only system message is the first
    developer: bool  # whether it knows that role
    limit: str  # the parameter that limits the tokens of a reply

    def messages(self, messages: Sequence[Mapping[str, Any]]) -> list[Message]:
        """A conversation as a request may have it."""
        sound = [cleaned_json(dict(message)) for message in messages]
        return alternating(sound) if self.strict else sound


OPENAI = Dialect(strict=False, developer=True, limit="max_completion_tokens")
COMPATIBLE = Dialect(strict=True, developer=False, limit="max_tokens")  # known to all
CHATML = Dialect(strict=False, developer=False, limit="max_tokens")  # any order


def dialect_of(base_url: str | None) -> Dialect:
    """The dialect of the server at an address; without one it is OpenAI's own."""
    host = urlsplit(base_url).hostname or "" if base_url else OPENAI_HOSTS[0]
    ours = any(host == known or host.endswith(f".{known}") for known in OPENAI_HOSTS)
    return OPENAI if ours else COMPATIBLE


def alternating(messages: Sequence[Message]) -> list[Message]:
    """At most one system message, in front; then user and assistant in turn, from user to user.

    What is told in the middle (lore at a depth, the last word of a character) is said in the visitor's place,
    in brackets. Calls of tools and their answers stay as they are, between the turns that they belong to.
    """
    system, rest = _leading_system(messages)
    turns: list[Message] = []
    for message in rest:
        if not _says_something(message):
            continue
        said = _as_turn(message)
        if turns and _joins(turns[-1], said):
            turns[-1] = {**turns[-1], "content": _joined(turns[-1]["content"], said["content"])}
        else:
            turns.append(said)
    if not turns or turns[0]["role"] != "user":
        turns.insert(0, {"role": "user", "content": OPENING})
    if turns[-1]["role"] == "assistant":
        turns.append({"role": "user", "content": GO_ON})
    return [*system, *turns]


def folded(messages: Sequence[Message]) -> list[Message]:
    """Alternating messages for a template without a system message (Gemma 2): the visitor tells it."""
    first, *rest = messages
    if first["role"] != "system" or not rest or rest[0]["role"] != "user":
        return list(messages)  # there is none, or it is no alternating conversation
    return [{**rest[0], "content": _joined(first["content"], rest[0]["content"])}, *rest[1:]]


def _leading_system(messages: Sequence[Message]) -> tuple[list[Message], Sequence[Message]]:
    """The system messages at the beginning, as one, and the others."""
    count = 0
    while count < len(messages) and messages[count]["role"] == "system":
        count += 1
    told = [message["content"] for message in messages[:count] if _says_something(message)]
    if not told:
        return [], messages[count:]
    content = told[0]
    for more in told[1:]:
        content = _joined(content, more)
    return [{"role": "system", "content": content}], messages[count:]


def _says_something(message: Message) -> bool:
    content = message.get("content")
    empty = not content.strip() if isinstance(content, str) else not content
    return not empty or "tool_calls" in message or message["role"] == "tool"


def _joins(last: Message, message: Message) -> bool:
    tools = any("tool_calls" in one or one["role"] == "tool" for one in (last, message))
    return last["role"] == message["role"] and not tools


def _parts(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _joined(first: Any, second: Any) -> Any:
    if isinstance(first, str) and isinstance(second, str):
        return first + BETWEEN + second
    return _parts(first) + _parts(second)


def _as_turn(message: Message) -> Message:
    if message["role"] in ("system", "developer"):
        return {"role": "user", "content": _bracketed(message["content"])}
    return dict(message)


def _bracketed(content: Any) -> Any:
    if not isinstance(content, str):
        return content
    text = content.strip()
    return text if text.startswith("(") and text.endswith(")") else f"({text})"

"""From a character to the messages that its language model gets. Pure functions, no database.

`render` is all of it: the page of the editor and the voice pipeline call the same function.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict

from characters import tokens
from characters.lore.book import Entry
from characters.lore.scan import Activation, scan
from characters.macros import DEFAULT_VISITOR, VALUE_LIMIT, Macros, lookup, quoted
from characters.sheet import Sheet

__all__ = ["DEFAULT_VISITOR", "VALUE_LIMIT", "Message", "Prompt", "greeting", "lookup", "quoted", "render"]


class Message(TypedDict):
    role: str
    content: str


SPOKEN = (
    "Your words are spoken aloud: write plain sentences only, without lists, headings, emoji, "
    "stage directions or links."
)
SPEAK_UP = (
    "(The visitor has been silent for a while. Say one short thing of your own accord, or ask something, to "
    "draw them back in.)"
)
REMEMBERED = "What you two talked about earlier, in short: "
SUMMARY_CHARACTERS = 900
EXAMPLE_LINE = re.compile(r"^\s*(?:\{\{\s*(user|char)\s*\}\}|<(user|bot|char)>)\s*:\s*(.*)$", re.IGNORECASE)
DEFAULT_LIMIT = 2048  # tokens of prompt and reply, where nobody knows better
REPLY_TOKENS = 120  # of the limit, kept free for the reply
FORGET_AT_ONCE = 6  # messages; the rest of the prompt then stays the same for some turns, and cached


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a language model gets: `instructions` as its system message, then `messages`.

    `examples` is how many of the messages, at the beginning, are examples; `cut` says what had to go,
    in the editor's words; `tokens` is about how long it is.
    """

    instructions: str
    messages: tuple[Message, ...]
    examples: int = 0
    cut: tuple[str, ...] = ()
    tokens: int = 0

    def as_messages(self) -> list[Message]:
        return [{"role": "system", "content": self.instructions}, *self.messages]


def text_of(message: Message) -> str:
    """The words of a message; of one that is no text (a call of a tool, a picture) its JSON."""
    content = message.get("content")
    return content if isinstance(content, str) else json.dumps(message, default=str)


def macros_of(sheet: Sheet, metadata: Mapping[str, Any], *, seed: str = "", turn: int = 0) -> Macros:
    return Macros(char=sheet.spoken_name, metadata=metadata, seed=seed, turn=turn)


def greeting_index(sheet: Sheet, metadata: Mapping[str, Any]) -> int:
    """Which greeting a page has asked for by `metadata.greeting`: 0 the first, 1 the first of the others."""
    asked = metadata.get("greeting")
    known = isinstance(asked, int) and not isinstance(asked, bool) and asked >= 0
    return asked if known and asked <= len(sheet.alternate_greetings) else 0  # type: ignore[operator, return-value]


def greeting(sheet: Sheet, metadata: Mapping[str, Any], *, seed: str = "") -> str:
    """The first words, as they are spoken: a visitor's name loses its quotes here."""
    text = [sheet.greeting, *sheet.alternate_greetings][greeting_index(sheet, metadata)]
    return macros_of(sheet, metadata, seed=seed).expand(text.strip()).replace('"', "")


def activate(
    sheet: Sheet,
    metadata: Mapping[str, Any],
    history: Sequence[Message],
    *,
    replies: int = 0,
    matched: frozenset[int] = frozenset(),
    seed: str = "",
) -> Activation:
    """Which lore the conversation calls for at this turn."""
    if not sheet.book.entries:
        return Activation()
    return scan(
        sheet.book,
        [text_of(message) for message in history if message["role"] in ("user", "assistant")],
        replies=replies,
        matched=matched,
        greeting=greeting_index(sheet, metadata),
        fill=macros_of(sheet, metadata, seed=seed).expand,
    )


def example_exchanges(sheet: Sheet, macros: Macros) -> list[list[Message]]:
    """The example exchanges, each begun by the visitor; a line without a speaker continues the last one."""
    exchanges: list[list[Message]] = []
    for line in sheet.examples.splitlines():
        match = EXAMPLE_LINE.match(line)
        words = macros.expand((match.group(3) if match else line).strip())
        if match:
            role = "user" if (match.group(1) or match.group(2)).lower() == "user" else "assistant"
            if role == "user" or not exchanges:
                exchanges.append([])
            if words:
                exchanges[-1].append({"role": role, "content": words})
        elif exchanges and exchanges[-1] and words and words.upper() != "<START>":
            exchanges[-1][-1]["content"] += " " + words
    return [exchange for exchange in exchanges if exchange]


@dataclass(frozen=True)
class _Parts:
    """All that may enter a prompt, before it is cut to fit."""

    sheet: Sheet
    macros: Macros
    summary: str
    lore: tuple[Entry, ...]
    examples: tuple[tuple[Message, ...], ...]
    history: tuple[Message, ...]
    total: int  # messages of history before any were cut

    def at(self, *places: str) -> list[str]:
        return [entry.content for entry in self.lore if _place(entry) in places]

    def dropped(self, what: str) -> bool:
        return any(entry.decorators.disable_ui_prompt == what for entry in self.lore)

    def instructions(self) -> str:
        sheet = self.sheet
        own = f"You are {sheet.spoken_name}."
        first = "" if self.dropped("system_prompt") else sheet.system_prompt
        told = replace(self.macros, original=own).expand(first.strip()) if first.strip() else own
        rest = [
            *self.at("before_char"),
            *self.at("before_desc"),
            sheet.description,
            *self.at("after_desc"),
            sheet.personality,
            *self.at("personality"),
            sheet.scenario,
            *self.at("scenario"),
            *self.at("after_char"),
            SPOKEN,
        ]
        lines = [told, *(self.macros.expand(part.strip()) for part in rest if part.strip())]
        if self.summary:
            lines.append(REMEMBERED + quoted(self.summary, SUMMARY_CHARACTERS))
        return "\n".join(line for line in lines if line)

    def conversation(self) -> list[Message]:
        """The history, with lore at the depths it asks for and the last word at the end."""
        messages = list(self.history)
        placed: list[tuple[int, Message]] = []
        for entry in self.lore:
            if (depth := _depth(entry, self.total)) is not None:
                words = self.macros.expand(entry.content)
                at = min(max(0, len(messages) - max(0, depth)), len(messages))
                placed.append((at, {"role": entry.decorators.role, "content": words}))
        for at, message in sorted(placed, key=lambda item: item[0], reverse=True):
            messages.insert(at, message)
        if self.sheet.post_history.strip() and not self.dropped("post_history_instructions"):
            messages.append(
                {"role": "system", "content": self.macros.expand(self.sheet.post_history.strip())}
            )
        return messages

    def prompt(self, count: Callable[[str], int], cut: Sequence[str]) -> Prompt:
        examples = [message for exchange in self.examples for message in exchange]
        messages = (*examples, *self.conversation())
        instructions = self.instructions()
        size = sum(count(text) for text in [instructions, *map(text_of, messages)])
        size += tokens.MESSAGE_TOKENS * (len(messages) + 1)
        return Prompt(instructions, messages, len(examples), tuple(cut), size)


def _depth(entry: Entry, total: int) -> int | None:
    wants = entry.decorators
    if wants.reverse_depth is not None:
        return total - wants.reverse_depth
    return wants.depth


def _place(entry: Entry) -> str:
    if entry.decorators.position:
        return entry.decorators.position
    return "" if _depth(entry, 0) is not None else entry.position


def render(
    sheet: Sheet,
    metadata: Mapping[str, Any],
    history: Sequence[Message] = (),
    *,
    summary: str = "",
    lore: Activation | None = None,
    limit: int = DEFAULT_LIMIT,
    count: Callable[[str], int] = tokens.estimate,
    seed: str = "",
    turn: int = 0,
) -> Prompt:
    """The exact messages for a character's language model.

    `history` is what was said, oldest first; `lore` what `activate` found. When it is longer than `limit`
    tokens less the room for a reply, this goes, in order: examples, lore that asks to go first, the oldest
    of the history, lore by rank. The instructions and the last message always stay.
    """
    macros = macros_of(sheet, metadata, seed=seed, turn=turn)
    parts = _Parts(
        sheet,
        macros,
        summary,
        lore.entries if lore else (),
        tuple(tuple(exchange) for exchange in example_exchanges(sheet, macros)),
        tuple(history),
        len(history),
    )
    room = limit - REPLY_TOKENS
    cut: list[str] = []
    prompt = parts.prompt(count, cut)
    while prompt.tokens > room:
        smaller = _smaller(parts, cut)
        if smaller is None:
            break
        parts = smaller
        prompt = parts.prompt(count, cut)
    return prompt


def _smaller(parts: _Parts, cut: list[str]) -> _Parts | None:
    """The parts without what is missed least; None if nothing more may go."""
    if parts.examples:
        cut.append("an example exchange")
        return replace(parts, examples=parts.examples[:-1])
    yielding = [entry for entry in parts.lore if entry.decorators.ignore_on_max_context]
    if yielding:
        return _without(parts, min(yielding, key=lambda entry: entry.rank), cut)
    if len(parts.history) > 1:
        # A few at once: which ones go then depends on how long the conversation is, and changes seldom.
        step = FORGET_AT_ONCE - (parts.total - len(parts.history)) % FORGET_AT_ONCE
        kept = parts.history[min(step, len(parts.history) - 1) :]
        while len(kept) > 1 and kept[0]["role"] == "tool":  # a tool's answer goes with the call of it
            kept = kept[1:]
        cut.append("the oldest of the conversation")
        return replace(parts, history=kept)
    if parts.lore:
        return _without(parts, min(parts.lore, key=lambda entry: entry.rank), cut)
    return None


def _without(parts: _Parts, entry: Entry, cut: list[str]) -> _Parts:
    cut.append(f"the lore “{entry.title}”")
    return replace(parts, lore=tuple(other for other in parts.lore if other is not entry))

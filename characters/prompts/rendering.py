"""Prompt rendering: from a character to the messages that its language model gets. Pure functions.

`render` is all of it: the page of the editor and the voice pipeline call the same function.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from characters.field_limits import SPOKEN_CHARACTERS
from characters.lore import NOTHING, SCAN_SECS, Activation, Lorebook, Memory, Nearness, scan, seeded
from characters.prompts.examples import fitting_examples, hint_of
from characters.prompts.filling import macros_of
from characters.prompts.parts import (
    REMEMBERED,
    SUMMARY_CHARACTERS,
    Measured,
    Message,
    Parts,
    as_read,
    sizes_of,
    text_of,
)
from characters.spec import CharacterSpec
from characters.text import Moment, token_estimate, unquoted

__all__ = [
    "REMEMBERED",
    "SUMMARY_CHARACTERS",
    "Message",
    "Prompt",
    "greeting",
    "render",
]

SPEAK_UP = (
    "(The visitor has been silent for a while. Say one short thing of your own accord, or ask something, to "
    "draw them back in.)"
)
PICK_UP = (
    "(The visitor was away and has come back. Pick the conversation up again with one short sentence of your "
    "own, without a greeting.)"
)
WELCOME_BACK = (
    "(The visitor has come back on another day, and you remember them. Greet them with one short sentence, "
    "by name if you know it, and ask about one thing that you remember.)"
)
DEFAULT_LIMIT = 2048  # tokens of prompt and reply, where nobody knows better
REPLY_TOKENS = 120  # of the limit, kept free for the reply
LAST_WORDS = 12  # messages that are looked through for either side's last words
FORGET_AT_ONCE = 6  # messages; the rest of the prompt then stays the same for some turns, and cached


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a language model gets: `instructions` as its system message, then `messages`.

    `examples` is how many of the messages, at the beginning, are examples; `cut` says what had to go,
    in the editor's words; `tokens` is about how long it is; `hint` what was told right before the
    last message.
    """

    instructions: str
    messages: tuple[Message, ...]
    examples: int = 0
    cut: tuple[str, ...] = ()
    tokens: int = 0
    hint: str = ""

    def as_messages(self) -> list[Message]:
        return [{"role": "system", "content": self.instructions}, *self.messages]


def greeting_index(spec: CharacterSpec, metadata: Mapping[str, Any]) -> int:
    """Which greeting a page has asked for by `metadata.greeting`: 0 the first, 1 the first of the others."""
    asked = metadata.get("greeting")
    known = isinstance(asked, int) and not isinstance(asked, bool) and asked >= 0
    return asked if known and asked <= len(spec.alternate_greetings) else 0  # type: ignore[operator, return-value]


def greeting(
    spec: CharacterSpec, metadata: Mapping[str, Any], *, seed: str = "", moment: Moment | None = None
) -> str:
    """The first words, as they are spoken: a name has no quotes here, and no macro its braces.

    Whoever is remembered is greeted as such, unless the page asks for a greeting.
    """
    text = [spec.greeting, *spec.alternate_greetings][greeting_index(spec, metadata)]
    if spec.returning_greeting.strip() and moment and moment.remembered("") and "greeting" not in metadata:
        text = spec.returning_greeting
    return shown(spec, text[:SPOKEN_CHARACTERS], metadata, seed=seed, moment=moment)[:SPOKEN_CHARACTERS]


def shown(
    spec: CharacterSpec,
    text: str,
    metadata: Mapping[str, Any],
    *,
    seed: str = "",
    moment: Moment | None = None,
) -> str:
    """What an editor wrote, as people hear or read it: macros filled in, notes and unknown ones left out."""
    macros = replace(macros_of(spec, metadata, seed=seed, moment=moment), told=unquoted)
    return macros.spoken(text.strip()).strip()


def activate(
    spec: CharacterSpec,
    metadata: Mapping[str, Any],
    history: Sequence[Message],
    *,
    book: Lorebook | None = None,
    replies: int = 0,
    memory: Memory = NOTHING,
    earlier: int = 0,
    seed: str = "",
    near: Mapping[int, Nearness] | None = None,
    moment: Moment | None = None,
    secs: float = SCAN_SECS,
) -> Activation:
    """Which lore the conversation calls for at this turn, looked for within `secs`.

    `book` is the character's unless it is a part of it. `earlier` messages were said before this history;
    chance is decided by the `seed` and how many there are in all; `near` says how near, by meaning, entries
    are that fire by it.
    """
    book = spec.book if book is None else book
    if not book.entries:
        return Activation(memory=memory)
    sides = (message for message in history if message["role"] in ("user", "assistant"))
    said = [text_of(message) for message in sides if "tool_calls" not in message]

    def filled(told: Callable[..., str]) -> Callable[[str], str]:
        # One at a time: what macros may cost is bounded by the scan's time, not by how many there are.
        return lambda key: replace(macros_of(spec, metadata, seed=seed, moment=moment), told=told).expand(key)

    return scan(
        book,
        said,
        replies=replies,
        memory=memory,
        earlier=earlier,
        greeting=greeting_index(spec, metadata),
        near=near,
        also={name: getattr(spec, name) for name in ("description", "personality", "scenario", "about")},
        fill=filled(unquoted),
        fill_pattern=filled(lambda *value: re.escape(unquoted(*value))),
        chance=seeded(f"{seed}\0{earlier + len(said)}"),
        secs=secs,
    )


def render(
    spec: CharacterSpec,
    metadata: Mapping[str, Any],
    history: Sequence[Message] = (),
    *,
    summary: str = "",
    lore: Activation | None = None,
    limit: int = DEFAULT_LIMIT,
    count: Callable[[str], int] = token_estimate.estimate,
    seed: str = "",
    turn: int = 0,
    moment: Moment | None = None,
    recalled: Sequence[str] = (),
    read: Sequence[str] = (),
    fitting: Sequence[int] = (),
    answer_in: str = "",
    notes: Sequence[str] = (),
    hints: Mapping[int, str] | None = None,
) -> Prompt:
    """The exact messages for a character's language model.

    `history` is what was said, oldest first; `lore` what `activate` found; `moment` what is so at this turn,
    of which macros change the variables; `recalled` what is remembered of the visitor and matters now;
    `read` quotations from documents, each with its source;
    `fitting` the numbers of exchanges that fit it, `notes` what stands right before it; `hints` what stood
    before earlier messages of the history, by number: said again, so that the model has read it already;
    `answer_in` the language that the visitor speaks now, as a code, where that has to be said. When it is
    longer than `limit` tokens less the room for a reply, this goes, in order: examples, lore that asks to go
    first, the oldest of the history, lore by rank. The instructions and the last message always stay.

    Each part is measured once, so the work grows with the length of the texts and no faster. For a large
    card that is some milliseconds: the event loop is no place for it.
    """
    moment = _with_last(moment or Moment(model=spec.llm_model or spec.llm_provider), history)
    macros = macros_of(spec, metadata, seed=seed, turn=turn, moment=moment)
    found = lore.entries if lore else ()
    parts = Parts(spec, macros, summary, found, count, recalled=recalled, read=read, answer_in=answer_in)
    said = [as_read(message) for message in history]
    sizes = sizes_of(said, count)
    hints = hints or {}
    for at, text in hints.items():
        sizes[at] += count(text) + token_estimate.MESSAGE_TOKENS  # they go with what they stand before
    room = limit - REPLY_TOKENS
    if fitting or notes:
        hint = filter(None, [hint_of(spec, fitting, parts.filled), *notes])
        parts.hint("\n".join(hint), room - sum(sizes))
    examples, size, missing = fitting_examples(spec, parts.filled, count, room - parts.size - sum(sizes))
    cut = [f"{missing} example exchanges" if missing > 1 else "an example exchange"] if missing else []
    yielding = [part for part in parts.lore if part.entry and part.entry.decorators.ignore_on_max_context]
    cut += _leave_out(parts, yielding, room - sum(sizes))
    first = _first_kept(said, sizes, room - parts.size)
    if first:
        cut.append("the oldest of the conversation")
    cut += _leave_out(parts, parts.lore, room - sum(sizes[first:]))
    kept = {at - first: text for at, text in hints.items() if at >= first}
    messages = (*examples, *parts.conversation(said[first:], len(said), kept))
    total = parts.size + sum(sizes[first:]) + size
    told = parts.hinted.text if parts.hinted else ""
    return Prompt(parts.instructions(), messages, len(examples), tuple(cut), total, told)


def _with_last(moment: Moment, history: Sequence[Message]) -> Moment:
    """The moment with the last words of the history, for macros that quote them."""
    said = [message for message in history[-LAST_WORDS:] if message["role"] in ("user", "assistant")]
    last = {message["role"]: text_of(message) for message in said}
    return replace(
        moment,
        last_message=text_of(said[-1]) if said else "",
        last_user_message=last.get("user", ""),
        last_character_message=last.get("assistant", ""),
        messages=len(history),
    )


def _leave_out(parts: Parts, lore: Sequence[Measured], room: int) -> list[str]:
    """Leaves out as much of this lore as must go for the parts to fit, the lowest rank first; what it was."""
    gone: list[Measured] = []
    too_much = parts.size - room
    for part in sorted(lore, key=lambda part: part.entry.rank if part.entry else 0):
        if too_much <= 0:
            break
        too_much -= part.size
        gone.append(part)
    parts.without(gone)
    return [f"the lore “{part.entry.title}”" for part in gone if part.entry]


def _first_kept(history: Sequence[Message], sizes: Sequence[int], room: int) -> int:
    """The message from which on the history fits; at least the last one stays."""
    first, size, last = 0, sum(sizes), len(history) - 1
    while size > room and first < last:
        # A few at once: which ones go then depends on how long the conversation is, and changes seldom.
        until = min(first + FORGET_AT_ONCE - first % FORGET_AT_ONCE, last)
        while until < last and history[until]["role"] == "tool":  # a tool's answer goes with the call of it
            until += 1
        size -= sum(sizes[first:until])
        first = until
    return first


def room_for_history(
    spec: CharacterSpec,
    metadata: Mapping[str, Any],
    *,
    summary: str = "",
    limit: int = DEFAULT_LIMIT,
) -> int:
    """How many tokens of history fit beside the character's own prompt, its lore and a reply."""
    own = render(replace(spec, examples=""), metadata, summary=summary, limit=limit).tokens
    lore = min(spec.book.token_budget, limit // 4) if spec.book.entries else 0
    return limit - REPLY_TOKENS - own - lore

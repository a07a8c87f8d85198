"""What a lorebook remembers of a conversation: what was called for, what stays, and what rests.

Times are counted in messages, as SillyTavern counts them: an entry with `sticky` 4 that fires when there
are 10 messages stays until there are 14, and rests for its `cooldown` then. All of it follows from what was
said, so that a conversation gone through again comes to the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from characters.lore.book import Entry, Lorebook


@dataclass(frozen=True, slots=True)
class Span:
    """From which number of messages on something holds, and at which it ends."""

    start: int
    end: int
    kept: bool = False  # also while the conversation has not gone on

    def holds(self, messages: int) -> bool:
        return messages < self.end and (self.kept or messages > self.start)


@dataclass(frozen=True, slots=True)
class Memory:
    """What earlier turns have left, by the numbers of entries; `messages` is how many there were then."""

    called: frozenset[int] = frozenset()
    sticky: Mapping[int, Span] = field(default_factory=dict)
    cooldown: Mapping[int, Span] = field(default_factory=dict)
    messages: int = 0

    def at(self, book: Lorebook, messages: int) -> "Memory":
        """The same at so many messages: what has ended is gone, what was sticky begins to rest."""
        sticky = {number: span for number, span in self.sticky.items() if span.holds(messages)}
        cooldown = {number: span for number, span in self.cooldown.items() if span.holds(messages)}
        for number, span in self.sticky.items():
            entry = book.by_number.get(number)
            if messages >= span.end and entry is not None and entry.rules.cooldown:
                cooldown[number] = Span(messages, messages + entry.rules.cooldown, kept=True)
        return Memory(self.called, sticky, cooldown, messages)

    def after(self, fired: Iterable[Entry]) -> "Memory":
        """The same after these entries were told."""
        sticky, cooldown, called = dict(self.sticky), dict(self.cooldown), set(self.called)
        for entry in fired:
            called.add(entry.number)
            if entry.rules.sticky:
                sticky.setdefault(entry.number, Span(self.messages, self.messages + entry.rules.sticky))
            if entry.rules.cooldown:
                cooldown.setdefault(entry.number, Span(self.messages, self.messages + entry.rules.cooldown))
        return Memory(frozenset(called), sticky, cooldown, self.messages)

    def as_json(self) -> dict[str, Any]:
        def spans(of: Mapping[int, Span]) -> list[list[int]]:
            return [[number, span.start, span.end, int(span.kept)] for number, span in of.items()]

        return {
            "called": sorted(self.called),
            "sticky": spans(self.sticky),
            "cooldown": spans(self.cooldown),
            "messages": self.messages,
        }

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> "Memory":
        def spans(rows: Any) -> dict[int, Span]:
            return {number: Span(start, end, bool(kept)) for number, start, end, kept in rows}

        return cls(
            frozenset(value["called"]), spans(value["sticky"]), spans(value["cooldown"]), value["messages"]
        )


NOTHING = Memory()

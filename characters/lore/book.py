"""Lorebook as it is scanned: entries with their keys, conditions and place in the prompt."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from characters.lore.decorators import Decorators, parse
from characters.lore.keys import Key, key_of
from characters.lore.rules import sillytavern
from characters.lore.rules.sillytavern import Place, Rules
from characters.lore.shared import merged

SCAN_DEPTH = 6  # messages, where the book says nothing
MANY_KEYS = 300  # from which on a text is prepared for them
TOKEN_BUDGET = 400  # tokens, where the book says nothing; a visitor waits for each of them


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `number` is its place in the book; `content` is without decorators."""

    number: int
    title: str
    keys: tuple[str, ...]
    secondary_keys: tuple[str, ...]
    content: str
    decorators: Decorators
    enabled: bool
    selective: bool
    constant: bool
    case_sensitive: bool
    whole_words: bool
    use_regex: bool
    insertion_order: float
    priority: float | None
    position: str  # before_char or after_char
    rules: Rules = sillytavern.NONE

    @property
    def place(self) -> str:
        """Where in the instructions it stands; '' for one that stands among the messages."""
        if self.decorators.position:
            return self.decorators.position
        return "" if self.depth(0) is not None else self.position

    def depth(self, total: int) -> int | None:
        """Before how many of the newest messages it stands, of `total` in all; None in the instructions."""
        if self.decorators.reverse_depth is not None:
            return total - self.decorators.reverse_depth
        if self.decorators.depth is not None or self.decorators.position:
            return self.decorators.depth
        match self.rules.place:
            case Place.AT_DEPTH:
                return self.rules.depth
            case Place.NOTE_TOP | Place.NOTE_BOTTOM:  # where an author's note stands unless it is moved
                return sillytavern.DEPTH
            case Place.EXAMPLES_BOTTOM:  # the examples are before the first message
                return total
        return None

    @property
    def role(self) -> str:
        """Whose message it is, of one that stands among the messages."""
        by_rules = self.rules.place is Place.AT_DEPTH and self.decorators.depth is None
        return self.rules.role if by_rules else self.decorators.role

    @property
    def precedence(self) -> tuple[float, float]:
        """Its place in SillyTavern's order of looking at entries."""
        return -self.insertion_order, self.number if self.rules.uid is None else self.rules.uid

    @property
    def remembers(self) -> bool:
        """Whether it asks what was activated before."""
        wants = self.decorators
        return self.rules.timed or wants.keep_activate_after_match or wants.dont_activate_after_match

    @property
    def patterns(self) -> bool:
        """Whether every key is a pattern, as Character Card V3 has it."""
        return self.use_regex and not self.rules.written

    def as_keys(self, texts: tuple[str, ...]) -> tuple[Key, ...]:
        """These texts as keys of this entry."""
        return tuple(key_of(text, self.patterns, self.case_sensitive) for text in texts)

    @property
    def rank(self) -> float:
        """What is kept when the budget is short: the higher, the longer."""
        return self.insertion_order if self.priority is None else self.priority


@dataclass(frozen=True)
class Lorebook:
    """The lorebook of one version of a character."""

    entries: tuple[Entry, ...] = ()
    scan_depth: int = SCAN_DEPTH
    token_budget: int = TOKEN_BUDGET
    recursive: bool = False

    @property
    def remembers(self) -> bool:
        """Whether an entry asks what was activated before."""
        return any(entry.remembers for entry in self.entries)

    @cached_property
    def remembering(self) -> "Lorebook":
        """The part of the book that decides what is remembered: what asks for it, and its rivals."""
        if self.recursive or self.levels:  # any entry may have called for it
            return self
        groups = {name for entry in self.entries if entry.remembers for name in entry.rules.groups}
        kept = (e for e in self.entries if e.remembers or not groups.isdisjoint(e.rules.groups))
        return replace(self, entries=tuple(kept))

    @cached_property
    def by_number(self) -> Mapping[int, Entry]:
        return {entry.number: entry for entry in self.entries}

    @cached_property
    def in_order(self) -> tuple[Entry, ...]:
        """The entries as they are looked at: first those that need no search, then by precedence."""
        return tuple(sorted(self.entries, key=lambda entry: (not entry.constant, entry.precedence)))

    @cached_property
    def _keys(self) -> dict[int, tuple[Key, ...]]:
        return {}

    def keys_of(self, entry: Entry) -> tuple[Key, ...]:
        """The keys of an entry as they are looked for, made once."""
        keys = self._keys.get(entry.number)
        if keys is None:
            texts = entry.keys + (entry.decorators.additional_keys if entry.patterns else ())
            keys = self._keys[entry.number] = entry.as_keys(texts)
        return keys

    @cached_property
    def has_many_keys(self) -> bool:
        return sum(len(entry.keys) for entry in self.entries) > MANY_KEYS

    def compile(self, secs: float, begin: int = 0, clock: Callable[[], float] = time.perf_counter) -> int:
        """Makes the keys of entries from `begin` on beforehand, for `secs`; the next entry that is left.

        A turn of the conversation has no time for it. Patterns are kept for the whole process.
        """
        until = clock() + secs
        for number in range(begin, len(self.entries)):
            if clock() > until and number > begin:
                return number
            entry = self.entries[number]
            for key in (*self.keys_of(entry), *entry.as_keys(entry.secondary_keys)):
                key.valid  # noqa: B018  # compiles it
        return len(self.entries)

    @cached_property
    def by_meaning(self) -> tuple[Entry, ...]:
        """The entries that fire by meaning as well."""
        wanted = (entry for entry in self.entries if entry.enabled and not entry.constant)
        return tuple(entry for entry in wanted if entry.rules.vectorized and entry.content)

    @cached_property
    def by_sillytavern(self) -> bool:
        return any(entry.rules.written for entry in self.entries)

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """The levels of delayed recursion that entries ask for."""
        return tuple(sorted({entry.rules.recursion_level for entry in self.entries} - {0}))


@lru_cache(maxsize=4096)
def _parsed(content: str) -> tuple[Decorators, str]:
    return parse(content)


def _rules(data: Mapping[str, Any]) -> tuple[Rules, str]:
    """SillyTavern's rules of an entry, and its place in the instructions: an edit at the desk goes first."""
    rules, was = sillytavern.parsed(data.get("rest") or "{}")
    position = data["position"] or "before_char"
    if not rules.written:
        return rules, position
    if data["position"] != was:  # moved at the desk
        return replace(rules, place=Place.BEFORE if position == "before_char" else Place.AFTER), position
    return rules, "before_char" if rules.place is Place.BEFORE else "after_char"


def _comment(rules: Rules, data: Mapping[str, Any]) -> str:
    """What SillyTavern calls an entry by: its comment."""
    return " ".join(data.get("comment", "").split())[:80] if rules.written else ""


def _entry(number: int, data: Mapping[str, Any]) -> Entry:
    decorators, content = _parsed(data["content"])
    rules, position = _rules(data)
    keys = tuple(key for key in data["keys"] if key.strip())
    return Entry(
        number=number,
        title=data["name"] or _comment(rules, data) or ", ".join(keys[:3]) or f"entry {number + 1}",
        keys=keys,
        secondary_keys=tuple(key for key in data["secondary_keys"] if key.strip()),
        content=content,
        decorators=decorators,
        enabled=data["enabled"],
        selective=data["selective"],
        constant=data["constant"],
        case_sensitive=bool(data["case_sensitive"]),
        whole_words=bool(data["whole_words"]),
        use_regex=data["use_regex"],
        insertion_order=data["insertion_order"],
        priority=data["priority"],
        position=position,
        rules=rules,
    )


def lorebook_of(settings: Mapping[str, Any], entries: list[Mapping[str, Any]]) -> Lorebook:
    """The book of a snapshot: its `lore_*` settings, its entries in their order, then its shared books'."""
    if settings.get("books"):
        settings = merged({**settings, "lore": entries})
        entries = settings["lore"]
    return Lorebook(
        entries=tuple(_entry(number, data) for number, data in enumerate(entries)),
        scan_depth=SCAN_DEPTH if settings["lore_scan_depth"] is None else settings["lore_scan_depth"],
        token_budget=TOKEN_BUDGET if settings["lore_token_budget"] is None else settings["lore_token_budget"],
        recursive=bool(settings["lore_recursive"]),
    )

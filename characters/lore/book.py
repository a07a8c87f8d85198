"""Lorebook as it is scanned: entries with their keys, conditions and place in the prompt."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from characters.lore.decorators import Decorators, parse

SCAN_DEPTH = 6  # messages, where the book says nothing
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

    @property
    def rank(self) -> float:
        """What is kept when the budget is short: the higher, the longer."""
        return self.insertion_order if self.priority is None else self.priority


@dataclass(frozen=True, slots=True)
class Lorebook:
    """The lorebook of one version of a character."""

    entries: tuple[Entry, ...] = ()
    scan_depth: int = SCAN_DEPTH
    token_budget: int = TOKEN_BUDGET
    recursive: bool = False

    @property
    def remembers(self) -> bool:
        """Whether an entry asks if it was activated before."""
        return any(
            entry.decorators.keep_activate_after_match or entry.decorators.dont_activate_after_match
            for entry in self.entries
        )


@lru_cache(maxsize=4096)
def _parsed(content: str) -> tuple[Decorators, str]:
    return parse(content)


def _entry(number: int, data: Mapping[str, Any]) -> Entry:
    decorators, content = _parsed(data["content"])
    keys = tuple(key for key in data["keys"] if key.strip())
    return Entry(
        number=number,
        title=data["name"] or ", ".join(keys[:3]) or f"entry {number + 1}",
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
        position=data["position"] or "before_char",
    )


def lorebook_of(settings: Mapping[str, Any], entries: list[Mapping[str, Any]]) -> Lorebook:
    """The book of a snapshot: its `lore_*` settings and its entries, in their order."""
    return Lorebook(
        entries=tuple(_entry(number, data) for number, data in enumerate(entries)),
        scan_depth=SCAN_DEPTH if settings["lore_scan_depth"] is None else settings["lore_scan_depth"],
        token_budget=TOKEN_BUDGET if settings["lore_token_budget"] is None else settings["lore_token_budget"],
        recursive=bool(settings["lore_recursive"]),
    )

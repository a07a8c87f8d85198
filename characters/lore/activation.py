"""Lore activation: which entries the conversation calls for, and why. Pure but for the clock it is given."""

import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import regex

from characters.lore.book import Entry, Lorebook
from characters.text import scannable, token_estimate

SCAN_CHARACTERS = 6000  # of the newest messages; more would not be read in time
SCAN_SECS = 0.025  # for a whole scan: a visitor is waiting
REGEX_SECS = 0.005  # for one pattern
MOST_PATTERN = 1000  # characters: compiling takes 17 µs for each, and nobody can stop it
MOST_FILLED_PATTERN = 200  # of one that macros make anew at each turn
MOST_ROUNDS = 3  # of recursive scanning
FLAGS = {"i": regex.IGNORECASE, "m": regex.MULTILINE, "s": regex.DOTALL, "u": 0, "g": 0, "y": 0}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one entry, with a reason that an editor understands."""

    entry: Entry
    fired: bool
    why: str


@dataclass(frozen=True, slots=True)
class Activation:
    """The outcome of a scan: verdicts in the book's order, and the fired entries by insertion order."""

    verdicts: tuple[Verdict, ...] = ()
    entries: tuple[Entry, ...] = ()
    tokens: int = 0
    secs: float = 0.0

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(entry.number for entry in self.entries)


class _OutOfTime(Exception):
    """The scan has had its time."""


@lru_cache(maxsize=2048)
def _pattern(source: str, case_sensitive: bool) -> Any:
    """A compiled pattern, plain or as /pattern/flags; None if it is too long or does not compile."""
    if len(source) > MOST_PATTERN:
        return None
    flags = 0 if case_sensitive else regex.IGNORECASE
    if source.startswith("/") and (end := source.rfind("/")) > 0 and set(source[end + 1 :]) <= set(FLAGS):
        flags = 0
        for letter in source[end + 1 :]:
            flags |= FLAGS[letter]
        source = source[1:end]
    try:
        return regex.compile(source, flags)
    except (regex.error, OverflowError, RecursionError, MemoryError):
        return None


@dataclass
class _Text:
    """What is searched: the newest messages, and the same without case."""

    plain: str
    folded: str = field(init=False)

    def __post_init__(self) -> None:
        self.folded = self.plain.casefold()

    def has(self, key: str, entry: Entry) -> bool:
        text, sought = (self.plain, key) if entry.case_sensitive else (self.folded, key.casefold())
        if not entry.whole_words or not sought.isascii():
            return sought in text
        at = text.find(sought)
        while at >= 0:
            before, after = text[at - 1 : at] if at else "", text[at + len(sought) :][:1]
            if not (before.isalnum() or after.isalnum() or "_" in (before, after)):
                return True
            at = text.find(sought, at + 1)
        return False


class _Scan:
    def __init__(
        self,
        book: Lorebook,
        messages: Sequence[str],
        *,
        replies: int,
        matched: AbstractSet[int],
        greeting: int,
        fill: Callable[[str], str],
        clock: Callable[[], float],
        secs: float,
    ):
        self.book = book
        self.messages = messages
        self.replies = replies
        self.matched = matched
        self.greeting = greeting
        self.fill = fill
        self.clock = clock
        self.until = clock() + secs
        self._texts: dict[int, _Text] = {}

    def check_time(self) -> None:
        if self.clock() > self.until:
            raise _OutOfTime

    def text(self, depth: int) -> _Text:
        if depth not in self._texts:
            newest = "\n".join(self.messages[-depth:] if depth > 0 else [])
            self._texts[depth] = _Text(newest[-SCAN_CHARACTERS:])
        return self._texts[depth]

    def found(self, keys: Sequence[str], entry: Entry, text: _Text) -> str:
        """The first of the keys that the text has, '' if it has none."""
        for key in keys:
            self.check_time()
            if len(key) > SCAN_CHARACTERS:
                continue  # longer than all that it is looked for in
            filled = "{" in key or "<" in key
            sought = self.fill(key) if filled else key
            if entry.use_regex:
                if filled and len(sought) > MOST_FILLED_PATTERN:
                    continue
                pattern = _pattern(sought, entry.case_sensitive)
                try:
                    if pattern is not None and pattern.search(text.plain, timeout=REGEX_SECS):
                        return key
                except TimeoutError:
                    continue
            elif text.has(sought, entry):
                return key
        return ""

    def conditions(self, entry: Entry) -> tuple[bool | None, str]:
        """What decorators decide before any key is looked for; None if the keys decide."""
        wants, matched = entry.decorators, entry.number in self.matched
        if not entry.enabled:
            return False, "switched off"
        if wants.activate:
            return True, "@@activate"
        if wants.dont_activate:
            return False, "@@dont_activate"
        if matched and wants.keep_activate_after_match:
            return True, "was called for earlier (@@keep_activate_after_match)"
        if matched and wants.dont_activate_after_match:
            return False, "was called for earlier (@@dont_activate_after_match)"
        if wants.is_greeting is not None and wants.is_greeting != self.greeting:
            return False, f"only with greeting {wants.is_greeting}"
        if wants.activate_only_after is not None and self.replies < wants.activate_only_after:
            return False, f"only after {wants.activate_only_after} replies"
        if wants.activate_only_every is not None and self.replies % wants.activate_only_every:
            return False, f"only every {wants.activate_only_every} replies"
        return None, ""

    def judge(self, entry: Entry, recursed: _Text | None = None) -> Verdict:
        decided, why = self.conditions(entry)
        if decided is not None:
            return Verdict(entry, decided, why)
        depth = self.book.scan_depth if entry.decorators.scan_depth is None else entry.decorators.scan_depth
        text = recursed or self.text(depth)
        where = "in another entry" if recursed else f"in the last {depth} messages"
        keys = entry.keys
        if entry.use_regex:
            keys += entry.decorators.additional_keys
        else:
            if found := self.found(entry.decorators.exclude_keys, entry, text):
                return Verdict(entry, False, f"kept away by “{found}”")
            more = entry.decorators.additional_keys
            if more and not self.found(more, entry, text):
                return Verdict(entry, False, "none of its additional keys is there")
            if entry.constant:
                return Verdict(entry, True, "always")
        found = self.found(keys, entry, text)
        if not found:
            return Verdict(entry, False, f"none of its keys is {where}" if keys else "it has no keys")
        if entry.selective and entry.secondary_keys and not entry.use_regex:
            second = self.found(entry.secondary_keys, entry, text)
            if not second:
                return Verdict(entry, False, f"“{found}” is {where}, but none of its secondary keys")
            return Verdict(entry, True, f"“{found}” and “{second}” {where}")
        return Verdict(entry, True, f"“{found}” {where}")

    def run(self) -> list[Verdict]:
        verdicts: list[Verdict] = []
        try:
            for entry in self.book.entries:
                self.check_time()
                verdicts.append(self.judge(entry))
            if self.book.recursive:
                self.recurse(verdicts)
        except _OutOfTime:
            late = self.book.entries[len(verdicts) :]
            verdicts += [Verdict(entry, False, "there was no time to look") for entry in late]
        return verdicts

    def recurse(self, verdicts: list[Verdict]) -> None:
        """Lets the content of fired entries call for others, a few rounds deep."""
        fresh = [verdict.entry for verdict in verdicts if verdict.fired]
        for _ in range(MOST_ROUNDS):
            if not fresh:
                return
            text = _Text("\n".join(scannable(entry.content) for entry in fresh)[-SCAN_CHARACTERS:])
            fresh = []
            for number, verdict in enumerate(verdicts):
                self.check_time()
                if verdict.fired or self.conditions(verdict.entry)[0] is not None:
                    continue
                again = self.judge(verdict.entry, text)
                if again.fired:
                    verdicts[number] = again
                    fresh.append(again.entry)


def scan(
    book: Lorebook,
    messages: Sequence[str],
    *,
    replies: int = 0,
    matched: AbstractSet[int] = frozenset(),
    greeting: int = 0,
    fill: Callable[[str], str] = str,
    count: Callable[[str], int] = token_estimate.estimate,
    clock: Callable[[], float] = time.perf_counter,
    secs: float = SCAN_SECS,
) -> Activation:
    """Looks for what the newest `messages` call for, oldest first, within `secs` and the book's budget.

    `replies` counts what the character has said in all, `matched` are the numbers of entries that were
    activated before, `greeting` is the index of the greeting in use, `fill` expands macros in keys.
    What does not fit the token budget is left out, the lowest priority first.
    """
    begun = clock()
    searching = _Scan(
        book,
        messages,
        replies=replies,
        matched=matched,
        greeting=greeting,
        fill=fill,
        clock=clock,
        secs=secs,
    )
    verdicts = searching.run()
    total, kept, final = 0, set(), {}
    fired = [verdict.entry for verdict in verdicts if verdict.fired and verdict.entry.content]
    for entry in sorted(fired, key=lambda entry: (-entry.rank, entry.number)):
        size = count(entry.content)
        if total + size <= book.token_budget:
            total += size
            kept.add(entry.number)
        else:
            final[entry.number] = Verdict(
                entry, False, f"called for, but its {size} tokens are over the budget of {book.token_budget}"
            )
    return Activation(
        verdicts=tuple(final.get(verdict.entry.number, verdict) for verdict in verdicts),
        entries=tuple(
            sorted(
                (entry for entry in fired if entry.number in kept),
                key=lambda entry: (entry.insertion_order, entry.number),
            )
        ),
        tokens=total,
        secs=clock() - begun,
    )

"""Lore activation: which entries the conversation calls for, and why. Pure but for the clock it is given."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from characters.lore import groups
from characters.lore.book import Entry, Lorebook
from characters.lore.rules.meaning import Nearness
from characters.lore.rules.sillytavern import Place
from characters.lore.search import OutOfTime, Search
from characters.lore.timed import NOTHING, Memory
from characters.text import Reason, because, scannable, token_estimate

SCAN_SECS = 0.025  # of CPU for a whole scan: a visitor is waiting. On a busy machine, too, the same is found
SWITCHED_OFF = because("switched off")
MOST_ROUNDS = 3  # of recursive scanning
MOST_ROUNDS_BY_SILLYTAVERN = 50  # which has no limit of its own; the time of the scan is one


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one entry, with a reason that an editor understands."""

    entry: Entry
    fired: bool
    reason: Reason

    @property
    def why(self) -> str:
        """The reason in the reader's language."""
        return str(self.reason)


@dataclass(frozen=True, slots=True)
class Activation:
    """The outcome of a scan: verdicts in the book's order, the fired entries as they stand in the prompt.

    `memory` is what the next scan of this conversation wants to know, `left_out` what went over the budget.
    """

    verdicts: tuple[Verdict, ...] = ()
    entries: tuple[Entry, ...] = ()
    tokens: int = 0
    secs: float = 0.0
    memory: Memory = NOTHING
    left_out: tuple[Entry, ...] = ()

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(entry.number for entry in self.entries)


def seeded(seed: str) -> Callable[[str], float]:
    """Chance as a function of its occasion, from 0 to below 1: gone through again, it comes to the same."""

    def drawn(occasion: str) -> float:
        digest = hashlib.sha256(f"{seed}\0{occasion}".encode("utf-8", "replace")).digest()
        return int.from_bytes(digest[:7]) / 2**56

    return drawn


class _Scan:
    """The rounds of one scan: the messages first, then what fired entries say."""

    def __init__(
        self, book: Lorebook, search: Search, memory: Memory, chance: Callable[[str], float]
    ) -> None:
        self.book, self.search, self.memory, self.chance = book, search, memory, chance
        self.verdicts: dict[int, Verdict] = {}
        self.fired: list[Entry] = []  # in the order in which they did
        self.failed: set[int] = set()  # by chance: not asked again
        self.level = book.levels[0] if book.levels else 0

    def run(self) -> None:
        rounds, waiting = 0, list(self.book.levels[1:])
        most = MOST_ROUNDS_BY_SILLYTAVERN if self.book.by_sillytavern else MOST_ROUNDS
        recursing = False
        try:
            while True:
                fresh = self.round(recursing)
                speaking = [entry for entry in fresh if not entry.rules.prevent_recursion]
                recursing = self.book.recursive and bool(speaking) and rounds < most
                rounds += recursing
                if not recursing:
                    if not waiting:
                        return
                    self.level, recursing = waiting.pop(0), True
                self.search.add(scannable(entry.content) for entry in speaking)
        except OutOfTime:
            pass

    def round(self, recursing: bool) -> list[Entry]:
        """Looks at every entry that has not fired yet; those that do now."""
        called: list[Entry] = []
        late = False
        for entry in self.book.in_order:
            if entry.number in self.failed or self.has_fired(entry.number):
                continue
            try:
                self.search.check_time()
                decided, why = self.conditions(entry, recursing)
                if decided is None:
                    decided, why = self.search.judge(entry, recursing)
            except OutOfTime:
                late = True
                break
            if decided:
                called.append(entry)
            if decided or not recursing or entry.number not in self.verdicts:
                self.verdicts[entry.number] = Verdict(entry, decided, why)
        fresh = self.chosen(called)
        self.fired += fresh
        if late:
            for entry in self.book.entries:
                self.verdicts.setdefault(
                    entry.number, Verdict(entry, False, because("there was no time to look"))
                )
            raise OutOfTime
        return fresh

    def has_fired(self, number: int) -> bool:
        verdict = self.verdicts.get(number)
        return verdict is not None and verdict.fired

    def conditions(self, entry: Entry, recursing: bool) -> tuple[bool | None, Reason]:
        """What is decided before any key is looked for; None if the keys decide."""
        rules, number, messages = entry.rules, entry.number, self.memory.messages
        sticky = number in self.memory.sticky
        if not entry.enabled:
            return False, SWITCHED_OFF
        if rules.other_triggers:
            return False, because("only for requests that a spoken conversation does not make")
        if rules.place is Place.OUTLET:
            return False, because("only for {outlet}, which is not known here", outlet="{{outlet}}")
        if messages < rules.delay:
            return False, because(
                "only from {count} messages on; there are {messages}", count=rules.delay, messages=messages
            )
        if number in self.memory.cooldown and not sticky:
            left = self.memory.cooldown[number].end - messages
            return False, because("it rests for {count} more messages", count=left)
        if rules.recursion_level and not sticky:
            if not recursing:
                return False, because("only when other entries were called for")
            if rules.recursion_level > self.level:
                return False, because(
                    "only at level {level} of delayed recursion", level=rules.recursion_level
                )
        if recursing and self.book.recursive and rules.exclude_recursion and not sticky:
            return False, because("other entries do not call for it")
        return self.search.decorated(entry, number in self.memory.called, sticky)

    def chosen(self, called: list[Entry]) -> list[Entry]:
        """Those of the called entries that win in their groups and by chance."""
        sticky = self.memory.sticky
        called.sort(key=lambda entry: (entry.number not in sticky, entry.precedence))
        gone = groups.losers(
            called,
            told={name for entry in self.fired for name in entry.rules.groups},
            sticky=sticky.keys(),
            score=self.search.score,
            chance=self.chance,
        )
        lost = {
            group: because("called for, but another one of its group “{group}” was chosen", group=group)
            for group in set(gone.values())
        }
        won = []
        for entry in called:
            probability = entry.rules.probability
            if entry.number in gone:
                why = lost[gone[entry.number]]
            elif (
                probability < 100
                and entry.number not in sticky
                and not (self.chance(f"entry {entry.number}") * 100 < probability)
            ):
                self.failed.add(entry.number)
                why = because(
                    "called for, but its chance of {percent} % did not come up", percent=f"{probability:g}"
                )
            else:
                won.append(entry)
                continue
            self.verdicts[entry.number] = Verdict(entry, False, why)
        return won


def scan(
    book: Lorebook,
    messages: Sequence[str],
    *,
    replies: int = 0,
    memory: Memory = NOTHING,
    earlier: int = 0,
    greeting: int = 0,
    also: Mapping[str, str] | None = None,
    near: Mapping[int, Nearness] | None = None,
    fill: Callable[[str], str] = str,
    fill_pattern: Callable[[str], str] | None = None,
    chance: Callable[[str], float] | None = None,
    count: Callable[[str], int] = token_estimate.estimate,
    clock: Callable[[], float] = time.thread_time,
    secs: float = SCAN_SECS,
) -> Activation:
    """Looks for what the newest `messages` call for, oldest first, within `secs` and the book's budget.

    `replies` counts what the character has said in all, `earlier` the messages before these; `memory` is that
    of the scan before; `greeting` is the index of the greeting in use. `also` has the fields of the character
    that entries may ask for, `near` how near, by meaning, those are that ask for it. `fill` expands macros in
    keys, `fill_pattern` in those that are patterns. `chance` gives a number from 0 to below 1 for occasions.
    What does not fit the token budget is left out, the lowest priority first.
    """
    begun = clock()
    search = Search(
        book,
        messages,
        replies=replies,
        greeting=greeting,
        also=also or {},
        near=near or {},
        fill=fill,
        fill_pattern=fill_pattern or fill,
        clock=clock,
        until=begun + secs,
    )
    now = memory.at(book, earlier + len(messages))
    scanning = _Scan(book, search, now, chance or seeded(str(now.messages)))
    scanning.run()
    kept, left_out, tokens = _within_budget(book, scanning.fired, count)
    final = dict(scanning.verdicts)
    for entry in left_out:
        size = count(entry.content)
        why = because(
            "called for, but its {tokens} tokens are over the budget of {budget}",
            tokens=size,
            budget=book.token_budget,
        )
        final[entry.number] = Verdict(entry, False, why)
    return Activation(
        verdicts=tuple(final[entry.number] for entry in book.entries),
        entries=tuple(_as_inserted(kept)),
        tokens=tokens,
        secs=clock() - begun,
        memory=now.after(kept),
        left_out=tuple(left_out),
    )


def _within_budget(
    book: Lorebook, fired: Sequence[Entry], count: Callable[[str], int]
) -> tuple[list[Entry], list[Entry], int]:
    """What the budget has room for, what it has none for, and the tokens of the first."""
    total, kept = 0, set()
    for entry in sorted(fired, key=lambda entry: (-entry.rank, entry.number)):
        size = count(entry.content) if entry.content else 0
        if entry.rules.ignore_budget or total + size <= book.token_budget:
            total += size
            kept.add(entry.number)
    return (
        [entry for entry in fired if entry.number in kept],
        [entry for entry in fired if entry.number not in kept],
        total,
    )


def _as_inserted(fired: Sequence[Entry]) -> list[Entry]:
    """Entries with words in the order of the prompt.

    SillyTavern puts those of one insertion order the other way round: what was called for last comes first.
    """
    told = [(number, entry) for number, entry in enumerate(fired) if entry.content]
    told.sort(
        key=lambda item: (
            item[1].insertion_order,
            -item[0] - 1 if item[1].rules.written else item[1].number,
        )
    )
    return [entry for _, entry in told]

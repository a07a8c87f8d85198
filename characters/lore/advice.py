"""What a writer should know of a lorebook before anybody talks with it: what will not be told, and why."""

import time
from collections.abc import Callable, Iterator, Sequence

from characters.lore.book import Entry, Lorebook
from characters.lore.sillytavern import Place
from characters.text import token_estimate

NAMED = 5  # entries that a sentence names
PATTERN_SECS = 1.0  # for compiling all patterns: strangers write them
REASONS: Sequence[tuple[str, Callable[[Entry], bool]]] = (
    ("{} for an outlet, which is not known here; not told: {}.", lambda e: e.rules.place is Place.OUTLET),
    (
        "{} for requests that a spoken conversation does not make; not told: {}.",
        lambda e: e.rules.other_triggers,
    ),
    (
        "{} found by meaning in SillyTavern; here by keys alone: {}.",
        lambda e: e.rules.vectorized and not e.constant,
    ),
    (
        "{} decorators that are not known here and have no effect: {}.",
        lambda e: bool(e.decorators.ignored),
    ),
)


def advice(
    book: Lorebook,
    *,
    count: Callable[[str], int] = token_estimate.estimate,
    clock: Callable[[], float] = time.perf_counter,
) -> list[str]:
    """Sentences, each said once; none for a book of which everything can be told."""
    return [*_over_budget(book, count), *_without_effect(book), *_no_patterns(book, clock)]


def _named(entries: Sequence[Entry]) -> str:
    names = ", ".join(f"“{entry.title[:40]}”" for entry in entries[:NAMED])
    more = len(entries) - NAMED
    return f"{names} and {more} more" if more > 0 else names


def _entries(entries: Sequence[Entry]) -> str:
    return "1 entry of lore is" if len(entries) == 1 else f"{len(entries)} entries of lore are"


def _over_budget(book: Lorebook, count: Callable[[str], int]) -> Iterator[str]:
    """What has no room however the talk goes, and what never has any beside what is always told."""
    budget = book.token_budget
    told = [entry for entry in book.entries if entry.enabled and entry.content]
    told = [entry for entry in told if not entry.rules.ignore_budget]
    large = [entry for entry in told if count(entry.content) > budget]
    if large:
        yield (
            f"{_entries(large)} longer than the {budget} tokens of room for lore and never told: "
            f"{_named(large)}. Give the book more room, or shorten them."
        )
    total, left_out = 0, []
    alone = {entry.number for entry in large}
    always = [entry for entry in told if entry.constant and entry.number not in alone]
    for entry in sorted(always, key=lambda entry: (-entry.rank, entry.number)):
        size = count(entry.content)
        if total + size <= budget:
            total += size
        else:
            left_out.append(entry)
    if left_out:
        needed = sum(count(entry.content) for entry in always)
        yield (
            f"What is always told has about {needed} tokens, and the room for lore is {budget}: "
            f"{_entries(left_out)} left out on every turn: {_named(left_out)}."
        )


def _without_effect(book: Lorebook) -> Iterator[str]:
    enabled = [entry for entry in book.entries if entry.enabled]
    for sentence, concerns in REASONS:
        if entries := [entry for entry in enabled if concerns(entry)]:
            begin = _entries(entries)
            if sentence.startswith("{} decorators"):
                begin = begin.replace(" is", " has").replace(" are", " have")
            yield sentence.format(begin, _named(entries))


def _no_patterns(book: Lorebook, clock: Callable[[], float]) -> Iterator[str]:
    """Entries with keys that are to be patterns and are none."""
    until, wrong = clock() + PATTERN_SECS, []
    for entry in book.entries:
        if clock() > until:
            break
        if not all(key.valid for key in entry.as_keys(entry.keys + entry.secondary_keys)):
            wrong.append(entry)
    if wrong:
        yield f"{_entries(wrong)} called for by a pattern that is none, or too long: {_named(wrong)}."

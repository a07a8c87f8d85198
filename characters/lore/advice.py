"""What a writer should know of a lorebook before anybody talks with it: what will not be told, and why."""

import time
from collections.abc import Callable, Iterator, Sequence

from django.utils.translation import gettext, gettext_noop

from characters.lore.book import Entry, Lorebook
from characters.lore.rules.sillytavern import Place
from characters.text import token_estimate

NAMED = 5  # entries that a sentence names
NO_EFFECT = gettext_noop("{entries} decorators that are not known here and have no effect: {names}.")
PATTERN_SECS = 1.0  # for compiling all patterns: strangers write them
REASONS: Sequence[tuple[str, Callable[[Entry], bool]]] = (
    (
        gettext_noop("{entries} for an outlet, which is not known here; not told: {names}."),
        lambda e: e.rules.place is Place.OUTLET,
    ),
    (
        gettext_noop("{entries} for requests that a spoken conversation does not make; not told: {names}."),
        lambda e: e.rules.other_triggers,
    ),
    (NO_EFFECT, lambda e: bool(e.decorators.ignored)),
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
    return gettext("{names} and {count} more").format(names=names, count=more) if more > 0 else names


def _entries(entries: Sequence[Entry]) -> str:
    """The beginning of a sentence about so many entries."""
    count = len(entries)
    return (
        gettext("1 entry of lore is")
        if count == 1
        else gettext("{count} entries of lore are").format(count=count)
    )


def _have(entries: Sequence[Entry]) -> str:
    """As `_entries`, of what they have."""
    count = len(entries)
    return (
        gettext("1 entry of lore has")
        if count == 1
        else gettext("{count} entries of lore have").format(count=count)
    )


def _over_budget(book: Lorebook, count: Callable[[str], int]) -> Iterator[str]:
    """What has no room however the talk goes, and what never has any beside what is always told."""
    budget = book.token_budget
    told = [entry for entry in book.entries if entry.enabled and entry.content]
    told = [entry for entry in told if not entry.rules.ignore_budget]
    large = [entry for entry in told if count(entry.content) > budget]
    if large:
        yield gettext(
            "{entries} longer than the {budget} tokens of room for lore and never told: {names}. "
            "Give the book more room, or shorten them."
        ).format(entries=_entries(large), budget=budget, names=_named(large))
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
        yield gettext(
            "What is always told has about {needed} tokens, and the room for lore is {budget}: "
            "{entries} left out on every turn: {names}."
        ).format(needed=needed, budget=budget, entries=_entries(left_out), names=_named(left_out))


def _without_effect(book: Lorebook) -> Iterator[str]:
    enabled = [entry for entry in book.entries if entry.enabled]
    for sentence, concerns in REASONS:
        if entries := [entry for entry in enabled if concerns(entry)]:
            begin = _have(entries) if sentence == NO_EFFECT else _entries(entries)
            yield gettext(sentence).format(entries=begin, names=_named(entries))


def _no_patterns(book: Lorebook, clock: Callable[[], float]) -> Iterator[str]:
    """Entries with keys that are to be patterns and are none."""
    until, wrong = clock() + PATTERN_SECS, []
    for entry in book.entries:
        if clock() > until:
            break
        if not all(key.valid for key in entry.as_keys(entry.keys + entry.secondary_keys)):
            wrong.append(entry)
    if wrong:
        yield gettext("{entries} called for by a pattern that is none, or too long: {names}.").format(
            entries=_entries(wrong), names=_named(wrong)
        )

"""Names that a character is likely to hear: its own, those of its pronunciations, those of its lorebook."""

import re
from collections.abc import Iterator

from characters.spec import CharacterSpec
from characters.text import pronunciations

MOST = 20  # each takes tokens of what is decoded before a word is written
# As an English name is written, or in Chinese characters, which do not tell names from other words.
NAME = re.compile(r"[A-Z][a-z'\u2019-]{2,20}(?: [A-Z][a-z'\u2019-]{2,20}){0,2}|[\u3400-\u9fff]{2,6}")


def likely_names(spec: CharacterSpec) -> tuple[str, ...]:
    """At most MOST, the likeliest first. Only what is written as an English or Chinese name is."""
    found = dict.fromkeys(name.strip() for name in _written(spec) if NAME.fullmatch(name.strip()))
    return tuple(found)[:MOST]


def _written(spec: CharacterSpec) -> Iterator[str]:
    yield from (spec.name, spec.nickname)
    for entry in pronunciations(spec.pronunciations):
        yield entry.word
    for lore in spec.book.entries:
        if lore.enabled and not lore.use_regex:
            yield from lore.keys

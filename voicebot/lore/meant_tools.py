"""Tools that are meant: what visitors may mean by a writer's account, as the book of a lore index."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from characters.content import NEW_LORE
from characters.lore import RULES, ByMeaning, Lorebook, lorebook_of, meaning
from characters.tools import ToolSpec

MEANT = meaning.changed("{}", ByMeaning(wanted=True), "")


def book_of_tools(tools: Sequence[ToolSpec]) -> Lorebook:
    """One entry for each tool, by its place: all that calls it, so that one index serves every language."""
    return _book(tuple(tool.meanings for tool in tools))


@lru_cache(maxsize=256)  # an index is found by its book
def _book(meanings: tuple[tuple[str, ...], ...]) -> Lorebook:
    rows: list[Mapping[str, Any]] = [
        {**NEW_LORE, "content": "\n".join(each), "rest": MEANT} for each in meanings
    ]
    book = lorebook_of(dict.fromkeys(RULES), rows)
    return replace(book, entries=tuple(replace(entry, title="") for entry in book.entries))

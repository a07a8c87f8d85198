"""Shared lorebooks in the content of a character: they are told together with the character's own entries."""

from collections.abc import Mapping
from typing import Any

RULES = ("lore_scan_depth", "lore_token_budget", "lore_recursive")


def merged(content: Mapping[str, Any]) -> dict[str, Any]:
    """A content with the entries of its shared `books` after its own, and the rules that hold for all.

    A character's own rule comes first; where it has none, the widest of its books' holds.
    """
    whole = dict(content)
    books = whole.pop("books", None)
    if not books:
        return whole
    whole["lore"] = [*content["lore"], *(entry for book in books for entry in book["entries"])]
    for rule in RULES:
        if whole[rule] is None:
            said = [book[rule] for book in books if book[rule] is not None]
            whole[rule] = max(said) if said else None
    return whole

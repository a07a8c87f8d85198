"""Lorebooks: what a character knows and says only when the talk comes to it."""

from characters.lore import decorators, patterns, rules_text
from characters.lore.activation import SCAN_SECS, Activation, Verdict, scan, seeded
from characters.lore.advice import advice
from characters.lore.book import Entry, Lorebook, lorebook_of
from characters.lore.shared import RULES, merged
from characters.lore.sillytavern import is_written as is_sillytavern
from characters.lore.timed import NOTHING, Memory

__all__ = [
    "NOTHING",
    "RULES",
    "SCAN_SECS",
    "Activation",
    "Entry",
    "Lorebook",
    "Memory",
    "Verdict",
    "advice",
    "decorators",
    "is_sillytavern",
    "lorebook_of",
    "merged",
    "patterns",
    "rules_text",
    "scan",
    "seeded",
]

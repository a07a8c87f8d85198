"""Lorebooks: what a character knows and says only when the talk comes to it."""

from characters.lore import decorators, patterns
from characters.lore.activation import SCAN_SECS, Activation, Verdict, scan, seeded
from characters.lore.advice import advice
from characters.lore.book import Entry, Lorebook, lorebook_of
from characters.lore.rules import meaning, rules_text
from characters.lore.rules.meaning import ByMeaning, Nearness
from characters.lore.rules.sillytavern import is_written as is_sillytavern
from characters.lore.shared import RULES, merged
from characters.lore.timed import NOTHING, Memory

__all__ = [
    "NOTHING",
    "RULES",
    "SCAN_SECS",
    "Activation",
    "ByMeaning",
    "Entry",
    "Lorebook",
    "Memory",
    "Nearness",
    "Verdict",
    "advice",
    "decorators",
    "is_sillytavern",
    "lorebook_of",
    "meaning",
    "merged",
    "patterns",
    "rules_text",
    "scan",
    "seeded",
]

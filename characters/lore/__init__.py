"""Lorebooks: what a character knows and says only when the talk comes to it."""

from characters.lore import decorators
from characters.lore.activation import SCAN_SECS, Activation, Verdict, scan
from characters.lore.book import Entry, Lorebook, lorebook_of

__all__ = ["SCAN_SECS", "Activation", "Entry", "Lorebook", "Verdict", "decorators", "lorebook_of", "scan"]

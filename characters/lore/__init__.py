"""Lorebooks: what a character knows and says only when the talk comes to it."""

from characters.lore.book import Book, Entry
from characters.lore.scan import Activation, Verdict, scan

__all__ = ["Activation", "Book", "Entry", "Verdict", "scan"]

"""Lore by meaning: which entries of a lorebook are meant by what was said, though none of their keys was."""

from voicebot.lore.index import LoreIndex
from voicebot.lore.indexes import LoreIndexes, drafts_near, lore_indexes

__all__ = ["LoreIndex", "LoreIndexes", "drafts_near", "lore_indexes"]

"""What is meant by what was said though none of its keys was: entries of a lorebook, and tools alike."""

from voicebot.lore.index import LoreIndex
from voicebot.lore.indexes import LoreIndexes, drafts_near, lore_indexes
from voicebot.lore.meant_tools import book_of_tools

__all__ = ["LoreIndex", "LoreIndexes", "book_of_tools", "drafts_near", "lore_indexes"]

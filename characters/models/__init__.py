"""Models of characters, their published versions, their lore, and the files that came with them."""

from characters.models.asset import CharacterAsset
from characters.models.character import LANGUAGES, Character
from characters.models.lore import Lorebook, LoreEntry, SharedLorebook
from characters.models.version import CharacterVersion

__all__ = [
    "LANGUAGES",
    "Character",
    "CharacterAsset",
    "CharacterVersion",
    "LoreEntry",
    "Lorebook",
    "SharedLorebook",
]

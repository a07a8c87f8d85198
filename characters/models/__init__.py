"""Who speaks: characters, their published versions, their lore, and the files that came with them."""

from characters.models.asset import CharacterAsset
from characters.models.character import Character
from characters.models.lore import LoreEntry
from characters.models.version import CharacterVersion

__all__ = ["Character", "CharacterAsset", "CharacterVersion", "LoreEntry"]

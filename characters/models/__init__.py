"""Models of characters: published versions, lore, files and documents, and forms that are open."""

from characters.models.address import FormerAddress
from characters.models.asset import CharacterAsset
from characters.models.character import LANGUAGES, Character
from characters.models.document import Document, DocumentPiece
from characters.models.lore import Lorebook, LoreEntry, SharedLorebook
from characters.models.open_form import OpenForm
from characters.models.remembering import KIND_CHOICES, MEMORY_FIELDS, memory_defaults
from characters.models.version import CharacterVersion

__all__ = [
    "KIND_CHOICES",
    "LANGUAGES",
    "MEMORY_FIELDS",
    "Character",
    "CharacterAsset",
    "CharacterVersion",
    "Document",
    "DocumentPiece",
    "FormerAddress",
    "LoreEntry",
    "Lorebook",
    "OpenForm",
    "SharedLorebook",
    "memory_defaults",
]

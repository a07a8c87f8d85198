"""Characters of other people's files: read from strangers, whatever they are made with, and given to anybody.

Specifications: character-card-spec-v2 by malfoyslastname, character-card-spec-v3 by kwaroran.
"""

from characters.cards import card_limits, lorebooks
from characters.cards.exporting import FORMATS, Exported, export
from characters.cards.importing import namesakes, store, update
from characters.cards.others import Importer, add_importer
from characters.cards.reading import Card, read

__all__ = [
    "FORMATS",
    "Card",
    "Exported",
    "Importer",
    "add_importer",
    "card_limits",
    "export",
    "lorebooks",
    "namesakes",
    "read",
    "store",
    "update",
]

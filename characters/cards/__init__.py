"""Character Cards V1, V2 and V3, as JSON, PNG and CHARX: read from strangers, written for everybody.

Specifications: character-card-spec-v2 by malfoyslastname, character-card-spec-v3 by kwaroran.
"""

from characters.cards import card_limits
from characters.cards.exporting import FORMATS, Exported, export
from characters.cards.importing import Card, read, store, update

__all__ = ["FORMATS", "Card", "Exported", "card_limits", "export", "read", "store", "update"]

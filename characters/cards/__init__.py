"""Character Cards V1, V2 and V3 (JSON, PNG, CHARX), and lorebooks: read from strangers, given to anybody.

Specifications: character-card-spec-v2 by malfoyslastname, character-card-spec-v3 by kwaroran.
"""

from characters.cards import card_limits, lorebooks
from characters.cards.exporting import FORMATS, Exported, export
from characters.cards.importing import Card, read, store, update

__all__ = ["FORMATS", "Card", "Exported", "card_limits", "export", "lorebooks", "read", "store", "update"]

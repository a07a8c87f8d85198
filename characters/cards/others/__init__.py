"""Characters of other applications as cards, and what is no character at all, by its name."""

from characters.cards.others.added import Importer, add_importer, taken_by_others
from characters.cards.others.applications import as_card, is_first_version, is_surely_a_card
from characters.cards.others.backyard import archive as backyard_archive
from characters.cards.others.no_character import name_of as no_character
from characters.cards.others.yaml_text import looks_like_yaml
from characters.cards.others.yaml_text import parse as parse_yaml

__all__ = [
    "Importer",
    "add_importer",
    "as_card",
    "backyard_archive",
    "is_first_version",
    "is_surely_a_card",
    "looks_like_yaml",
    "no_character",
    "parse_yaml",
    "taken_by_others",
]

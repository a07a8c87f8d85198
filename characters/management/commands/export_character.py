"""Writes a character's card."""

from characters import cards
from characters.management.export import ExportCommand, File
from characters.models import Character


class Command(ExportCommand):
    help = "Writes a character's draft as a card."
    formats = cards.FORMATS
    default_format = "v3-png"

    def file_of(self, character: Character, form: str, *, private: bool) -> File:
        exported = cards.export(character, form, private=private)
        return File(exported.name, exported.data, tuple(exported.notes))

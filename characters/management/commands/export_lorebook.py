"""Writes a character's lorebook as a file of its own."""

from characters.cards import lorebooks
from characters.management.export import ExportCommand, File
from characters.models import Character


class Command(ExportCommand):
    help = "Writes the lorebook of a character's draft, for V3 applications or SillyTavern."
    formats = lorebooks.FORMATS
    default_format = "lorebook-v3"

    def file_of(self, character: Character, form: str, *, private: bool) -> File:
        return File(f"{character.slug}-{form}.json", lorebooks.export(character, form, private=private))

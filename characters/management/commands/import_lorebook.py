"""Brings lorebooks of their own into a character's draft."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from characters.cards import card_limits, lorebooks
from characters.exceptions import CharacterError
from characters.models import Character


class Command(BaseCommand):
    help = "Adds lorebooks (SillyTavern, V3, NovelAI, Agnai, RisuAI) to a character's draft."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the character's address")
        parser.add_argument("paths", nargs="+", type=Path, help="files")
        parser.add_argument(
            "--replace", action="store_true", help="instead of the entries that are there, not after them"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        character = Character.objects.filter(slug=options["slug"]).first()
        if character is None:
            raise CommandError(f"There is no character at the address {options['slug']!r}.")
        replace = options["replace"]
        for path in options["paths"]:
            try:
                with path.open("rb") as file:
                    book = lorebooks.read(file.read(card_limits.FILE_BYTES + 1))
                notes = lorebooks.add_to(character, book, replace=replace)
            except (CharacterError, OSError) as error:
                raise CommandError(f"{path.name}: {error}") from error
            replace = False  # the next file comes after this one
            self.stdout.write(" ".join([f"{path.name}: {len(book.entries)} entries ({book.kind}).", *notes]))

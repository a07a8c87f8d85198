"""Takes in character cards: files, and folders with everything below them."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from characters import cards, catalog
from characters.cards import card_limits
from characters.exceptions import CharacterError
from characters.models import Character
from characters.versions import publishing

SUFFIXES = (".json", ".png", ".apng", ".charx")


class Command(BaseCommand):
    help = "Imports character cards (V1, V2, V3; JSON, PNG, CHARX) as drafts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, help="files, or folders of them")
        parser.add_argument(
            "--update",
            action="store_true",
            help="the file's name is the address: captain-marlow.png becomes the draft of that character",
        )
        parser.add_argument("--publish", action="store_true", help="put each one on stage as well")

    def handle(self, *args: Any, **options: Any) -> None:
        files = list(self._files(options["paths"]))
        if not files:
            raise CommandError("There is no card there: a card is a .json, .png, .apng or .charx file.")
        refused = 0
        for number, file in enumerate(files, 1):
            progress = f"[{number}/{len(files)}] {file.name}"
            try:
                said = self._take(file, update=options["update"], publish=options["publish"])
                self.stdout.write(f"{progress}: {said}")
            except (CharacterError, OSError) as error:
                refused += 1
                self.stderr.write(f"{progress}: refused. {error}")
        self.stdout.write(f"{len(files) - refused} imported, {refused} refused.")
        if refused:
            sys.exit(1)

    @staticmethod
    def _files(paths: list[Path]) -> list[Path]:
        found: list[Path] = []
        for path in paths:
            if path.is_dir():
                below = sorted(file for file in path.rglob("*") if file.is_file())
                found += [file for file in below if file.suffix.lower() in SUFFIXES]
            else:
                found.append(path)
        return found

    @staticmethod
    def _take(file: Path, *, update: bool, publish: bool) -> str:
        """Imports one file; what to say of it. Raises CharacterError, OSError."""
        with file.open("rb") as opened:
            card = cards.read(opened.read(card_limits.FILE_BYTES + 1))
        address = file.stem if update and catalog.SLUG.fullmatch(file.stem) else ""
        there = Character.objects.filter(slug=address).first() if address else None
        character = cards.update(card, there) if there else cards.store(card, address)
        said = f"{character.name} ({'updated' if there else 'new'}: {character.slug})"
        if publish:
            said += f", on stage as {publishing.publish(character, note='Imported')}"
        return " ".join([said + ".", *card.notes])

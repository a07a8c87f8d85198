"""Writes a character's card."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from characters import cards
from characters.models import Character


class Command(BaseCommand):
    help = "Writes a character's draft as a card."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the character's address")
        parser.add_argument("--format", choices=list(cards.FORMATS), default="v3-png")
        parser.add_argument("--without-private", action="store_true", help="leave out what is private")
        parser.add_argument(
            "--output",
            type=Path,
            help="file or folder; - for standard output (default: the folder you are in)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        character = Character.objects.filter(slug=options["slug"]).first()
        if character is None:
            raise CommandError(f"There is no character at the address {options['slug']!r}.")
        exported = cards.export(character, options["format"], private=not options["without_private"])
        for note in exported.notes:
            self.stderr.write(note)
        output: Path = options["output"] or Path()
        if str(output) == "-":
            sys.stdout.buffer.write(exported.data)
            return
        file = output / exported.name if output.is_dir() else output
        file.write_bytes(exported.data)
        self.stdout.write(f"{file}: {len(exported.data)} bytes.")

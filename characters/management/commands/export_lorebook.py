"""Writes a character's lorebook as a file of its own."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from characters.cards import lorebooks
from characters.models import Character


class Command(BaseCommand):
    help = "Writes the lorebook of a character's draft, for V3 applications or SillyTavern."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the character's address")
        parser.add_argument("--format", choices=list(lorebooks.FORMATS), default="lorebook-v3")
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
        data = lorebooks.export(character, options["format"], private=not options["without_private"])
        output: Path = options["output"] or Path()
        if str(output) == "-":
            sys.stdout.buffer.write(data)
            return
        file = output / f"{character.slug}-{options['format']}.json" if output.is_dir() else output
        file.write_bytes(data)
        self.stdout.write(f"{file}: {len(data)} bytes.")

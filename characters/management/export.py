"""What commands that write a file of a character have in common: whose, in which format, and where to."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from django.core.management.base import BaseCommand, CommandError

from characters.models import Character


class File(NamedTuple):
    name: str
    data: bytes
    notes: tuple[str, ...] = ()  # what whoever asked should know


class ExportCommand(BaseCommand):
    formats: Iterable[str]
    default_format: str

    def file_of(self, character: Character, form: str, *, private: bool) -> File:
        raise NotImplementedError

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the character's address")
        parser.add_argument("--format", choices=list(self.formats), default=self.default_format)
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
        name, data, notes = self.file_of(character, options["format"], private=not options["without_private"])
        for note in notes:
            self.stderr.write(note)
        output: Path = options["output"] or Path()
        if str(output) == "-":
            sys.stdout.buffer.write(data)
            return
        file = output / name if output.is_dir() else output
        file.write_bytes(data)
        self.stdout.write(f"{file}: {len(data)} bytes.")

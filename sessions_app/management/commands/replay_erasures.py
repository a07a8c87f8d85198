"""Erases again what a restored backup has brought back."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from sessions_app.management.commands.erasures import moment
from sessions_app.manager import SyncSessionManager
from sessions_app.models import Erasure


class Command(BaseCommand):
    help = (
        "Removes every session, memory and document that the journal of erasures names, keys and rows. FILE, "
        "of `erasures` or of deploy/backup.sh, is added to the journal first. The server does the same every "
        "five minutes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["file"]:
            Erasure.objects.bulk_create(
                _read(options["file"]),
                1000,
                update_conflicts=True,
                unique_fields=["session_id"],
                update_fields=["erased_at"],
            )
        removed = SyncSessionManager().erase_again()
        counts = f"{removed.sessions} sessions, {removed.turns} turns, {removed.memories} memories"
        self.stdout.write(f"Erased {counts} and {removed.documents} documents again.")


def _read(path: Path) -> list[Erasure]:
    """The entries of a journal's file. Raises CommandError."""
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            session_id, _, erased_at = line.partition("\t")
            found.append(Erasure(session_id=UUID(session_id), erased_at=moment(erased_at)))
        except ValueError as error:
            raise CommandError(f"Line {number} of {path} is not an erasure.") from error
    return found

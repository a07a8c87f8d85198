"""Writes a session as JSON."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sessions_app.conversations import export
from sessions_app.exceptions import SessionError
from sessions_app.manager import SyncSessionManager


class Command(BaseCommand):
    help = (
        "Writes everything that is kept of a session to standard output, as JSON, in the clear, and what its "
        "character remembers of the visitor."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="the session's id")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for piece in export(SyncSessionManager(), options["id"]):
                self.stdout.write(piece, ending="")
        except SessionError as error:
            raise CommandError(str(error)) from error

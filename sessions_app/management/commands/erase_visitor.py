"""Erases everything of a visitor."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from sessions_app.identity import visitors
from sessions_app.manager import SyncSessionManager
from sessions_app.signals import sessions_erased


class Command(BaseCommand):
    help = "Erases every session of a visitor, and what characters remember: rows, cache, summaries, keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="user:<id>, anon:<hash> (see the admin), or an account's number")

    def handle(self, *args: Any, **options: Any) -> None:
        visitor = visitors.of_account(options["id"]) if options["id"].isdigit() else options["id"]
        removed = SyncSessionManager().erase_visitor(visitor)
        sessions_erased.send(type(self), by="command", removed=removed, visitor=visitor)
        self.stdout.write(
            f"Erased {removed.sessions} sessions, {removed.turns} turns, {removed.summaries} summaries "
            f"and {removed.memories} memories."
        )

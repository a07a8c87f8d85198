"""Expires and removes what has had its time. The server does the same by itself every five minutes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from characters.versions import bin
from sessions_app.manager import SWEPT_AT_ONCE, SyncSessionManager


class Command(BaseCommand):
    help = "Expires sessions that have run out, removes those past SESSION_RETENTION, empties the bin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")
        parser.add_argument(
            "--batch", type=int, default=SWEPT_AT_ONCE, help="how many at a time (default: %(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        manager = SyncSessionManager()
        if options["dry_run"]:
            due = manager.due()
            self.stdout.write(f"Would expire {due['expired']} and remove {due['removed']} sessions.")
            if binned := bin.due():
                self.stdout.write(
                    f"Would empty the bin of {binned} characters, if no conversation needs them."
                )
            return
        done = manager.purge(batch=max(1, options["batch"]))
        self.stdout.write(
            f"Expired {done['expired']} and removed {done['removed']} sessions with {done['turns']} turns."
        )
        if done.get("memories"):
            self.stdout.write(f"Removed {done['memories']} memories that were past their time.")
        if done.get("events"):
            self.stdout.write(f"Removed {done['events']} events that were past their time.")
        if emptied := bin.empty():
            self.stdout.write(f"Emptied the bin of {emptied} characters.")

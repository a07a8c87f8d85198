"""Rewraps data keys under the first key of SESSION_KEYS."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sessions_app.crypto import key_ring
from sessions_app.manager import SyncSessionManager
from sessions_app.signals import keys_rotated


class Command(BaseCommand):
    help = (
        "Rewraps the data key of every session under the first key of SESSION_KEYS, while the server runs. "
        "Payloads are not touched. May be stopped and run again; afterwards the old key can go."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", type=int, default=200, help="how many at a time (default: 200)")

    def handle(self, *args: Any, **options: Any) -> None:
        manager = SyncSessionManager()
        done = manager.rotate(batch=max(1, options["batch"]))
        told = [
            answer for _, answer in keys_rotated.send(type(manager)) if isinstance(answer, str) and answer
        ]
        active = key_ring().active
        left = manager.store.count_wrapped_by_others(active)
        self.stdout.write(f"Rewrapped {done} sessions under {active!r}.")
        if left:
            raise CommandError(
                f"{left} sessions could not be rewrapped: the key that wraps them is not in SESSION_KEYS."
            )
        if told:
            raise CommandError(" ".join(told))

"""Publishes the demo characters that are missing."""

from typing import Any

from django.core.management.base import BaseCommand

from characters.demo import seed


class Command(BaseCommand):
    help = "Creates the demo characters that are not there yet. Existing characters are left as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        created = seed()
        self.stdout.write(f"On stage: {', '.join(created)}." if created else "All of them are there already.")

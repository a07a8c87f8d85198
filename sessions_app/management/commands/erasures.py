"""The journal of erasures, to be kept beside backups."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from sessions_app.models import Erasure


def moment(text: str) -> datetime:
    """A time in ISO 8601; without a zone it is one of TIME_ZONE. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return timezone.make_aware(found) if timezone.is_naive(found) else found


class Command(BaseCommand):
    help = (
        "Prints which sessions were removed and when, as `replay_erasures` and deploy/restore.sh take it: a "
        "line each of the id, a tab and the time. No words are in it. With --forget-before the journal is "
        "shortened: for what no backup has that is still kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--since", type=moment, help="only those at or after this time, in ISO 8601")
        which.add_argument("--forget-before", type=moment, help="takes those before this time out, for good")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["forget_before"]:
            gone, _ = Erasure.objects.filter(erased_at__lt=options["forget_before"]).delete()
            self.stdout.write(f"Took {gone} entries out of the journal.")
            return
        journal = Erasure.objects.order_by("erased_at", "session_id")
        if options["since"]:
            journal = journal.filter(erased_at__gte=options["since"])
        for entry in journal.iterator():
            self.stdout.write(f"{entry.session_id}\t{entry.erased_at.isoformat()}")

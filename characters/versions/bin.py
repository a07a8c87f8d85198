"""The bin: a character that is deleted stays for 30 days, off the stage, and can be brought back.

Its address stays taken and its conversations keep their character, for as long as they are there.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.deletion import ProtectedError
from django.utils import timezone

from characters.models import Character, OpenForm
from characters.versions import publishing

BIN_DAYS = 30
UNSAVED_DAYS = 30  # that a form's unsaved text is kept for


@transaction.atomic
def put(character: Character, now: datetime | None = None) -> None:
    """Takes a character off the stage and puts it into the bin. What is in it already stays as it is."""
    publishing.withdraw(character)
    Character.objects.filter(pk=character.pk, binned_at=None).update(binned_at=now or timezone.now())
    character.refresh_from_db(fields=["binned_at"])
    publishing.announce(character.slug, None, draft=True)


@transaction.atomic
def restore(character: Character) -> bool:
    """Brings a character back as a draft; False if it was not in the bin."""
    found = Character.objects.filter(pk=character.pk, binned_at__isnull=False).update(binned_at=None)
    character.binned_at = None
    if found:
        publishing.announce(character.slug, None, draft=True)
    return bool(found)


def empty(now: datetime | None = None) -> int:
    """Deletes for good what had its 30 days, and unsaved text as old; gives back how many characters went.

    A character stays for as long as there are conversations with it, published or not.
    """
    moment = now or timezone.now()
    gone = 0
    for character in Character.objects.filter(
        binned_at__lt=moment - timedelta(days=BIN_DAYS), published=None
    ):
        try:
            with transaction.atomic():
                character.delete()
            gone += 1
        except ProtectedError:
            continue
    OpenForm.objects.filter(kept_at__lt=moment - timedelta(days=UNSAVED_DAYS)).delete()
    return gone


def due(now: datetime | None = None) -> int:
    """How many characters have had their 30 days."""
    return Character.objects.filter(
        binned_at__lt=(now or timezone.now()) - timedelta(days=BIN_DAYS), published=None
    ).count()

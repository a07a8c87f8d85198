"""Names of conversations and visitors, as the moderator's pages show them: never a word that was said."""

from collections.abc import Iterable

from django.contrib.auth import get_user_model
from django.template.defaultfilters import date as shown_date
from django.utils import timezone
from django.utils.translation import gettext as _

from sessions_app.identity import visitors
from sessions_app.models import VoiceSession

HASH_DIGITS = 6  # of a guest's: enough to tell those of a page apart


def title_of(session: VoiceSession) -> str:
    """A conversation's title: with whom, and since when."""
    since = shown_date(timezone.localtime(session.created_at), "DATETIME_FORMAT")
    return _("%(character)s, %(since)s") % {"character": session.character.name, "since": since}


def names_of(keys: Iterable[str]) -> dict[str, str]:
    """What visitors are called: accounts by their name, guests by the beginning of their hash."""
    accounts = {key: visitors.account_of(key) for key in keys}
    users = get_user_model().objects.in_bulk([int(pk) for pk in accounts.values() if pk.isdecimal()])
    names = {}
    for key, pk in accounts.items():
        user = users.get(int(pk)) if pk.isdecimal() else None
        if user is not None:
            names[key] = user.get_full_name() or user.get_username()
        elif pk:
            names[key] = _("a former account")
        else:
            names[key] = _("Guest %s") % key.partition(":")[2][:HASH_DIGITS]
    return names


def keys_of(name: str) -> list[str]:
    """The visitors that an account's name means, for a search."""
    found = get_user_model().objects.filter(username__icontains=name).values_list("pk", flat=True)[:50]
    return [f"user:{pk}" for pk in found]

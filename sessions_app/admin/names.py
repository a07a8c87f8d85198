"""Names of conversations and visitors, as the moderator's pages show them: never a word that was said."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.template.defaultfilters import date as shown_date
from django.utils import timezone
from django.utils.translation import gettext as _

from characters.admin import account_name
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
    users = {
        str(pk): user for pk, user in get_user_model().objects.in_bulk(_pks_of(accounts.values())).items()
    }
    names = {}
    for key, pk in accounts.items():
        if user := users.get(pk):
            names[key] = account_name(user)
        elif pk:
            names[key] = _("a former account")
        else:
            names[key] = _("Guest %s") % key.partition(":")[2][:HASH_DIGITS]
    return names


def _pks_of(numbers: Iterable[str]) -> list[Any]:
    """Keys of accounts as the project's user model has them: numbers, UUIDs."""
    key: Any = get_user_model()._meta.pk
    found = []
    for number in filter(None, numbers):
        with suppress(ValidationError):  # none that an account could have
            found.append(key.to_python(number))
    return found


def keys_of(name: str) -> list[str]:
    """The visitors that an account's name means, for a search."""
    model: Any = get_user_model()
    wanted = {f"{model.USERNAME_FIELD}__icontains": name}
    found = model._default_manager.filter(**wanted).values_list("pk", flat=True)[:50]
    return [f"user:{pk}" for pk in found]

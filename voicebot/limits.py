"""How often and how much, counted over all processes: starts, connections, minutes a day.

Counts live in Django's cache, so in Redis where there is one. A cache that is away lets everybody in: limits
protect the house, they are not what lets people into conversations.
"""

import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_app.exceptions import LimitReached

log = logging.getLogger(__name__)

PREFIX = "greenroom:1:limit"
MINUTE, DAY = 60, 24 * 3600


class TooManyStarts(LimitReached):
    code = "too_many_starts"
    message = _("That was too often in a short time. Try again in a minute.")


class TooManyConnections(LimitReached):
    code = "too_many_connections"
    message = _("Too many conversations come from your network. Try again later.")


class TooMuch(LimitReached):
    code = "too_much"
    message = _("That was more than anybody can say.")


class TooMuchTooEarly(LimitReached):
    code = "too_much_too_early"
    message = _("That was more than anybody can say before they are let in.")


class DayUsedUp(LimitReached):
    code = "day_used_up"
    message = _("You have talked as long as is allowed in a day. Come back tomorrow.")


def _add(name: str, amount: int, lasts_secs: int) -> int:
    """Adds to a count, and returns what it has come to; 0 if nothing can be counted.

    A count begins with what is added first, and is forgotten when it has lasted its time.
    """
    key = f"{PREFIX}:{name}"
    try:
        if cache.add(key, amount, lasts_secs):
            return amount
        return int(cache.incr(key, amount))
    except Exception:  # a cache that is away, or a key that went in this very moment
        log.warning("a limit could not be counted", exc_info=True)
        return 0


def check_start(address: str, visitor: str) -> None:
    """Counts a start. Raises TooManyStarts. Uses the cache: call it in a database thread."""
    for name, most in (
        (f"start:{address}", settings.STARTS_PER_ADDRESS),
        (f"start:{visitor}", settings.STARTS_PER_VISITOR),
    ):
        if _add(name, 1, MINUTE) > most:
            raise TooManyStarts(retry_after_secs=MINUTE)


def talked(visitor: str, secs: int) -> None:
    """Counts time talked. Raises DayUsedUp once it is more than MAX_MINUTES_PER_DAY, where that is set."""
    if (
        settings.MAX_MINUTES_PER_DAY
        and _add(f"talk:{visitor}:{timezone.localdate()}", secs, DAY) > 60 * settings.MAX_MINUTES_PER_DAY
    ):
        raise DayUsedUp


HELD_SECS = 90  # a connection that its process does not confirm in this time counts no more


@dataclass(frozen=True)
class Place:
    """One connection among those of its address: a key that its process keeps alive, over all processes."""

    key: str
    owner: str

    def keep(self) -> None:
        """Confirms the place, unless it has lapsed and gone to somebody else."""
        if cache.get(self.key, self.owner) == self.owner:
            cache.set(self.key, self.owner, HELD_SECS)

    def leave(self) -> None:
        if cache.get(self.key) == self.owner:
            cache.delete(self.key)


def take_place(address: str, owner: str) -> Place | None:
    """A place for one more connection, None if nothing can be counted. Raises TooManyConnections."""
    try:
        for slot in range(settings.CONNECTIONS_PER_ADDRESS):
            place = Place(f"{PREFIX}:connection:{address}:{slot}", owner)
            if cache.add(place.key, owner, HELD_SECS):
                return place
    except Exception:
        log.warning("a connection could not be counted", exc_info=True)
        return None
    raise TooManyConnections(retry_after_secs=MINUTE)


@dataclass
class Bucket:
    """A token bucket of one connection: so much at once, so much a second on average."""

    size: float
    per_sec: float

    def __post_init__(self) -> None:
        self._level, self._at = self.size, time.monotonic()

    def take(self, amount: float) -> bool:
        """Whether there was enough."""
        now = time.monotonic()
        self._level = min(self.size, self._level + (now - self._at) * self.per_sec)
        self._at = now
        if amount > self._level:
            return False
        self._level -= amount
        return True


def address_of(headers: dict[str, str], peer: str) -> str:
    """Where a request comes from: what CLIENT_ADDRESS_HEADER says, where one is set, else its peer.

    Of a list, as X-Forwarded-For is, the last entry counts: the one that our own proxy added.
    """
    name = settings.CLIENT_ADDRESS_HEADER.lower()
    given = headers.get(name, "") if name else ""
    return given.split(",")[-1].strip() or peer


def address_of_request(request: HttpRequest) -> str:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return address_of(headers, request.META.get("REMOTE_ADDR", ""))

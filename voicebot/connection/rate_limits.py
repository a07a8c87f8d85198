"""Rate limits, counted over all processes: starts, connections, minutes a day.

Counts live in Redis where there is one. While it is away each process counts for itself: limits protect the
server, they are not what lets people into conversations.
"""

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute

from sessions_app.database import database_clock
from sessions_app.exceptions import LimitReached
from voicebot.ops import Lease, SharedCounts

MINUTE = 60
OFFERS_EACH = 2  # of a start: one more for who loses the first call


class TooManyStarts(LimitReached):
    code = "too_many_starts"
    message = _("That was too often in a short time. Try again in a minute.")


class TooManyReads(LimitReached):
    code = "too_many_reads"
    message = _("That was too often in a short time. Try again in a minute.")


class TooManyConnections(LimitReached):
    code = "too_many_connections"
    message = _("Too many conversations come from your network. Try again later.")


class TooMuchTooEarly(LimitReached):
    code = "too_much_too_early"
    message = _("That was more than anybody can say before they are let in.")


class DayUsedUp(LimitReached):
    code = "day_used_up"
    message = _("You have talked as long as is allowed in a day. Come back tomorrow.")


def check_start(counts: SharedCounts, address: str, visitor: str) -> None:
    """Counts a start. Raises TooManyStarts. Asks Redis: call it in a database thread."""
    for name, most in ((address, settings.STARTS_PER_ADDRESS), (visitor, settings.STARTS_PER_VISITOR)):
        if not counts.hit(RateLimitItemPerMinute(most), "start", name):
            raise TooManyStarts(retry_after_secs=MINUTE)


def check_offer(counts: SharedCounts, address: str) -> None:
    """Counts an offer of a call. Raises TooManyStarts. Asks Redis: call it in a database thread."""
    if not counts.hit(RateLimitItemPerMinute(OFFERS_EACH * settings.STARTS_PER_ADDRESS), "offer", address):
        raise TooManyStarts(retry_after_secs=MINUTE)


def check_read(counts: SharedCounts, who: str) -> None:
    """Counts a request for what is kept. Raises TooManyReads. Asks Redis: call it in a database thread."""
    if not counts.hit(RateLimitItemPerMinute(settings.READS_PER_MINUTE), "read", who):
        raise TooManyReads(retry_after_secs=MINUTE)


def check_day(counts: SharedCounts, visitor: str) -> None:
    """Raises DayUsedUp if the visitor has talked as long as MAX_MINUTES_PER_DAY allows, where that is set."""
    if settings.MAX_MINUTES_PER_DAY and counts.left(*_day(visitor)) <= 0:
        raise DayUsedUp


def charge_talk(counts: SharedCounts, visitor: str, secs: int) -> None:
    """Counts seconds talked. Raises DayUsedUp once they are more than MAX_MINUTES_PER_DAY allows."""
    if settings.MAX_MINUTES_PER_DAY and secs > 0:
        item, *names = _day(visitor)
        if not counts.hit(item, *names, cost=secs):
            raise DayUsedUp


def _day(visitor: str) -> tuple[RateLimitItem, str, str, str]:
    """What a visitor may talk in a day, and under which name today's seconds are counted."""
    today = timezone.localtime(database_clock.carried()).date().isoformat()
    return RateLimitItemPerDay(60 * settings.MAX_MINUTES_PER_DAY), "talk", visitor, today


def take_connection_lease(counts: SharedCounts, address: str, owner: str) -> Lease:
    """A place for one more connection of an address. Raises TooManyConnections. Asks Redis."""
    place = counts.lease(f"connection:{address}", owner)
    if not place.take(settings.CONNECTIONS_PER_ADDRESS):
        raise TooManyConnections(retry_after_secs=MINUTE)
    return place

"""Login age: how long a login of staff lasts, in all and so long without a request (ASVS 5.0, 7.3.1, 7.3.2).

Times are kept in the login's own session, in seconds since 1970.
"""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from staff.models import EndedLogins

SIGNED_IN_AT, SEEN_AT, CONFIRMED_AT = "signed_in_at", "seen_at", "confirmed_at"
AS_STAFF = "signed_in_as_staff"
COUNTS_FROM = "counts_from"  # of the one login that stayed when the others were ended
NOTE_SECS = 30  # a request is noted again after so long: not each one writes the session
clock: Callable[[], float] = time.time


def is_staff(user: Any) -> bool:
    return bool(user.is_active and (user.is_staff or user.is_superuser))


def on_signed_in(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    """Receiver of `user_logged_in`: the login begins, and its holder has just shown who they are."""
    now, session = clock(), request.session
    session[SIGNED_IN_AT] = session[SEEN_AT] = session[CONFIRMED_AT] = now
    session[AS_STAFF] = is_staff(user)
    if is_staff(user):
        # The store lets it go then, too, and so does the browser.
        ends = datetime.now(UTC) + timedelta(seconds=settings.STAFF_LOGIN_SECS)
        session.set_expiry(ends)


def end_all(sender: Any, pk: Any, **_: Any) -> None:
    """Receiver of `account_reduced`: what the account has of logins does not come back with its rights."""
    EndedLogins.objects.update_or_create(user_id=pk, defaults={"at": clock()})


def end_others(request: HttpRequest) -> None:
    """Ends what the account has of logins, but not this one. It lasts no longer for that."""
    now, account = clock(), cast(Any, request.user.pk)
    EndedLogins.objects.update_or_create(user_id=account, defaults={"at": now})
    request.session[COUNTS_FROM] = math.nextafter(now, math.inf)


def _counts_from(session: SessionBase) -> float:
    began: float = session.get(COUNTS_FROM) or session.get(SIGNED_IN_AT, 0)
    return began


def is_over(session: SessionBase, user: Any) -> bool:
    """Whether the login of this session ends here: too old, idle too long, or of somebody no longer staff."""
    if EndedLogins.objects.filter(user_id=user.pk, at__gte=_counts_from(session)).exists():
        return True
    if not is_staff(user):
        return bool(session.get(AS_STAFF))
    now = clock()
    return (
        now - session.get(SIGNED_IN_AT, 0) >= settings.STAFF_LOGIN_SECS
        or now - session.get(SEEN_AT, 0) >= settings.STAFF_IDLE_SECS
    )


def note_request(session: SessionBase) -> None:
    """Somebody is there: what counts as idle begins anew."""
    if clock() - session.get(SEEN_AT, 0) >= NOTE_SECS:
        session[SEEN_AT] = clock()


def note_confirmed(session: SessionBase) -> None:
    """The holder of the login has shown again who they are."""
    session[CONFIRMED_AT] = clock()


def is_confirmed(session: SessionBase) -> bool:
    """Whether that was within the last CONFIRM_SECS."""
    return bool(clock() - session.get(CONFIRMED_AT, 0) < settings.CONFIRM_SECS)

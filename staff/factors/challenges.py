"""Challenges of passkeys: made for one account, one login and one purpose, and taken once (WebAuthn, 13.4.3).

They are rows, not values of the session: two requests at once may both read a session, and one of them only
deletes a row.
"""

import secrets
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from staff.models import PasskeyChallenge

CHALLENGE_BYTES = 32
CHALLENGE_SECS = 300  # what browsers give people to find their key and their finger
clock: Callable[[], float] = time.time


class Purpose(StrEnum):
    REGISTER = "register"
    SHOW = "show"
    CONFIRM = "confirm"


def _login(request: HttpRequest) -> str:
    return salted_hmac("staff.challenges", request.session.session_key or "").hexdigest()[:64]


def new(request: HttpRequest, purpose: Purpose) -> bytes:
    """A fresh challenge; the one before for the same purpose counts no more."""
    account: Any = request.user.pk
    value, now = secrets.token_bytes(CHALLENGE_BYTES), clock()
    PasskeyChallenge.objects.filter(made_at__lt=now - CHALLENGE_SECS).delete()
    PasskeyChallenge.objects.update_or_create(
        login=_login(request),
        purpose=purpose,
        defaults={"user_id": account, "value": value, "made_at": now},
    )
    return value


def take(request: HttpRequest, purpose: Purpose, value: bytes) -> bool:
    """Whether `value` is the challenge of this login; it is none any more."""
    account: Any = request.user.pk
    gone, _ = PasskeyChallenge.objects.filter(
        user_id=account,
        login=_login(request),
        purpose=purpose,
        value=value,
        made_at__gt=clock() - CHALLENGE_SECS,
    ).delete()
    return gone == 1

"""The cookie by which a browser is known to have signed in as somebody before. It lets nobody in."""

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

DEVICE_COOKIE = "greenroom_device"
DEVICE_SALT = "staff.device_cookie"
DEVICE_COOKIE_SECS = 180 * 24 * 3600


def cookie_name() -> str:
    return f"__Host-{DEVICE_COOKIE}" if settings.PRODUCTION else DEVICE_COOKIE


def of(request: HttpRequest, who: str) -> str:
    """The device's random name, if it belongs to `who` (a hash of the account's name), else ''."""
    value = (
        request.get_signed_cookie(cookie_name(), default="", salt=DEVICE_SALT, max_age=DEVICE_COOKIE_SECS)
        or ""
    )
    owner, _, device = value.partition(".")
    return device if secrets.compare_digest(owner, who) else ""


def remember(response: HttpResponse, who: str) -> None:
    response.set_signed_cookie(
        cookie_name(),
        f"{who}.{secrets.token_urlsafe(16)}",
        salt=DEVICE_SALT,
        max_age=DEVICE_COOKIE_SECS,
        httponly=True,
        samesite="Lax",
        secure=settings.PRODUCTION,
    )

"""Visitors: an account, or an anonymous visitor known by a signed cookie."""

import hashlib
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from sessions_app.exceptions import SignInRequired

VISITOR_COOKIE = "greenroom_visitor"
VISITOR_COOKIE_SECS = 400 * 24 * 3600  # the longest that browsers keep a cookie
VISITOR_SALT = "sessions_app.visitors"


def of_account(pk: object) -> str:
    return f"user:{pk}"


def account_of(visitor: str) -> str:
    """The number of a visitor's account, '' for one without."""
    kind, _, pk = visitor.partition(":")
    return pk if kind == "user" else ""


def of_cookie(value: str) -> str:
    """An anonymous visitor's name in the database: a hash, so that a dump lets nobody in."""
    return "anon:" + hashlib.sha256(value.encode()).hexdigest()[:40]


def cookie_name() -> str:
    """In production with the prefix by which no other host of the domain can set it (RFC 6265bis)."""
    return f"__Host-{VISITOR_COOKIE}" if settings.PRODUCTION else VISITOR_COOKIE


def known(request: HttpRequest) -> str:
    """The visitor behind a request, '' for somebody never seen before."""
    if request.user.is_authenticated:
        return of_account(request.user.pk)
    return of_browser(request)


def of_browser(request: HttpRequest) -> str:
    """Who the browser is while nobody is signed in, '' if nobody ever talked without signing in."""
    value = request.get_signed_cookie(
        cookie_name(), default="", salt=VISITOR_SALT, max_age=VISITOR_COOKIE_SECS
    )
    return of_cookie(value) if value else ""


class Visit:
    """One request's visitor, who gets a cookie with the answer if there was none.

    `by_api_key` is somebody who brings an API key. Raises SignInRequired where nobody may be anonymous.
    """

    def __init__(self, request: HttpRequest, by_api_key: bool = False):
        self.visitor = known(request)
        self._new_cookie = ""
        if self.visitor.startswith("user:"):
            return
        if not (settings.ALLOW_ANONYMOUS or by_api_key):
            raise SignInRequired
        if not self.visitor:
            self._new_cookie = secrets.token_urlsafe(24)
            self.visitor = of_cookie(self._new_cookie)

    def remember(self, response: HttpResponse) -> None:
        """Sets the cookie of a visitor who had none."""
        if self._new_cookie:
            response.set_signed_cookie(
                cookie_name(),
                self._new_cookie,
                salt=VISITOR_SALT,
                max_age=VISITOR_COOKIE_SECS,
                httponly=True,
                samesite="Lax",
                secure=settings.PRODUCTION,
            )

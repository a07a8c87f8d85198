"""Ends logins of staff that have lasted too long, and holds those that lack a second factor."""

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from sessions_app.async_middleware import AsyncMiddleware
from staff import audit
from staff.factors import second_factor
from staff.login import logins

BEFORE_THE_SECOND_FACTOR = ("second-factor/", "confirm/", "login/", "logout/", "jsi18n/")


class StaffLogins(AsyncMiddleware):
    """Middleware, after Django's for accounts. A request without a login's cookie passes untouched."""

    async def __call__(self, request: HttpRequest) -> Any:
        known = settings.SESSION_COOKIE_NAME in request.COOKIES
        if known and (instead := await sync_to_async(check)(request)):
            return instead
        return await self.get_response(request)


def check(request: HttpRequest) -> HttpResponseBase | None:
    """Signs out whose login is over; what was asked for is then answered as to a stranger.

    A login without its second factor is led to show it or to set one up, and is nobody outside the admin.
    """
    user = request.user
    if not user.is_authenticated:
        return None
    if logins.is_over(request.session, user):
        audit.record("login_over", request)
        logout(request)
    elif logins.is_staff(user):
        logins.note_request(request.session)
        if second_factor.missing(request):
            return _hold(request)
    return None


def _hold(request: HttpRequest) -> HttpResponseBase | None:
    desk = reverse("admin:index")
    if request.path.startswith(desk):
        passes = request.path.removeprefix(desk).startswith(BEFORE_THE_SECOND_FACTOR)
        return None if passes else redirect("admin:second_factor")

    async def nobody() -> AnonymousUser:
        return AnonymousUser()

    request.user, request.auser = AnonymousUser(), nobody
    return None

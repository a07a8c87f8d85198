"""Who asks: a visitor as before, or a program by an API key with the operation's scope.

A key sees all of this house, as far as its scopes go; where it asks for a visitor's own, it says whose.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.http import HttpRequest

from sessions_app.database import in_database
from sessions_app.exceptions import BadRequest, KeyInvalid
from sessions_app.identity import Scope, api_keys
from sessions_app.manager import SessionManager
from sessions_app.models import ApiKey
from voicebot.connection import rate_limits
from voicebot.http.json_api import bearer_of
from voicebot.runtime import of_request

log = logging.getLogger("audit")
manager = SessionManager()
Asks = Callable[[HttpRequest], Awaitable[Any]]

SCHEMES = {
    "apiKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key of this house: gr_... The scopes that it needs stand at each operation: "
        + "; ".join(f"`{scope.value}`" for scope in Scope)
        + ". Programs only: a request with an Origin gets no further than `sessions:start`.",
    },
    "sessionSecret": {
        "type": "http",
        "scheme": "bearer",
        "description": "The secret of one session, which whoever began it got.",
    },
    "visitor": {
        "type": "apiKey",
        "in": "cookie",
        "name": "greenroom_visitor",
        "description": "The visitor's cookie, or that of their account.",
    },
}
OF_WHOM = {
    "in": "query",
    "name": "visitor",
    "required": False,
    "schema": {"type": "string", "default": "", "maxLength": 80},
    "description": "for API keys: the visitor whom it is about, as events name them",
}


async def _by_key(request: HttpRequest, scope: Scope) -> ApiKey | None:
    """The key that a request brings, None for a request without one. Raises KeyInvalid, ScopeMissing."""
    bearer = bearer_of(request)
    if not api_keys.is_key(bearer):
        return None
    key = await in_database(api_keys.check, bearer, request.headers.get("Origin"), scope)
    await in_database(rate_limits.check_read, of_request(request).counts, f"key:{key.pk}")
    request.COOKIES = {}  # it is the key that asks, and nobody else
    request.asked_by = "key"  # type: ignore[attr-defined]
    log.info("key_used key=%s scope=%s", key.pk, scope.value)
    return key


def by_whom(request: HttpRequest) -> str:
    """For the audit: "visitor" or "key"."""
    return getattr(request, "asked_by", "visitor")


def visitor_or(scope: Scope, visitor: Asks) -> dict[str, Any]:
    """What an operation on a visitor's own takes: `auth`, which gives the visitor, and its description."""

    async def asked(request: HttpRequest) -> str:
        if await _by_key(request, scope) is None:
            return str(await visitor(request))
        named = request.GET.get("visitor", "")
        if not named or len(named) > 80 or "\0" in named:
            raise BadRequest("An API key says whom it asks about: ?visitor=.")
        return named

    security = [{"visitor": []}, {"apiKey": [scope.value]}]
    return {"auth": asked, "openapi_extra": {"security": security, "parameters": [OF_WHOM]}}


def owner_or(scope: Scope, owner: Asks) -> dict[str, Any]:
    """The same for an operation on one session: `auth` gives its record."""

    async def asked(request: HttpRequest) -> Any:
        if await _by_key(request, scope) is None:
            return await owner(request)
        session_id = request.resolver_match.kwargs["session_id"]  # type: ignore[union-attr]  # it has matched
        return await in_database(manager.sync.record, session_id)

    security = [{"visitor": []}, {"sessionSecret": []}, {"apiKey": [scope.value]}]
    return {"auth": asked, "openapi_extra": {"security": security}}


def key_with(scope: Scope) -> dict[str, Any]:
    """The same for an operation that only programs ask for: `auth` gives the key."""

    async def asked(request: HttpRequest) -> ApiKey:
        key = await _by_key(request, scope)
        if key is None:
            raise KeyInvalid("This is for programs with an API key.")
        return key

    return {"auth": asked, "openapi_extra": {"security": [{"apiKey": [scope.value]}]}}

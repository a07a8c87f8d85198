"""Allowed origins: our own, those of ALLOWED_ORIGINS, and those that API keys are for."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

from sessions_app.database import in_database
from sessions_app.identity import api_keys
from sessions_app.network import WebOrigin, web_origins

HTTP = {"ws": "http", "wss": "https"}


def own_of(request: HttpRequest) -> WebOrigin | None:
    """The origin of our own pages, as this request reached them. Raises DisallowedHost."""
    return web_origins.of_host(request.scheme or "http", request.get_host())


def is_ours(request: HttpRequest) -> bool:
    """Whether a page of our own asks, or no page at all. Raises DisallowedHost."""
    origin = request.headers.get("Origin")
    if origin is not None and web_origins.parse(origin) != own_of(request):
        return False
    # A page of another name on the same site gets cookies along, and a plain GET of it has no Origin.
    return request.headers.get("Sec-Fetch-Site", "") not in ("same-site", "cross-site")


def own_of_socket(scope: Mapping[str, Any], headers: Mapping[str, str]) -> WebOrigin | None:
    """The same for a WebSocket, whose Host nobody else has checked. Raises DisallowedHost."""
    host = headers.get("host", "")
    domain, _ = split_domain_port(host)
    if not domain or not validate_host(domain, _hosts()):
        raise DisallowedHost
    scheme = str(scope.get("scheme") or "ws")
    return web_origins.of_host(HTTP.get(scheme, scheme), host)


def _hosts() -> list[str]:
    hosts: list[str] = settings.ALLOWED_HOSTS
    return hosts or ([".localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else [])


def is_allowed(origin: str | None, own: WebOrigin | None) -> bool:
    """Whether a request with this Origin header may come in to us at `own`.

    No Origin at all comes from no browser: such a client is judged by its token alone.
    """
    if origin is None:
        return True
    came_from = web_origins.parse(origin)
    return came_from is not None and (came_from == own or origin in settings.ALLOWED_ORIGINS)


async def may_come_in(origin: str | None, own: WebOrigin | None) -> bool:
    """As `is_allowed`, or because an API key is for this origin.

    To begin a conversation from there, that key is needed, see `http.start`; to go on with one, its token.
    """
    return is_allowed(origin, own) or await in_database(api_keys.names_origin, origin)

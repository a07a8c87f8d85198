"""Which pages may talk to us: our own, those of ALLOWED_ORIGINS, and those that API keys are for."""

from urllib.parse import urlsplit

from django.conf import settings

from sessions_app import apikeys
from sessions_app.database import in_database

DEFAULT_PORTS = {"http": 80, "https": 443}


def _parts(origin: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port of an origin, None for something that is none (such as 'null')."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname.lower(), port or DEFAULT_PORTS[parts.scheme]


def is_allowed(origin: str | None, host: str) -> bool:
    """Whether a request with this Origin header may come in. `host` is its Host header.

    No Origin at all comes from no browser: such a client is judged by its token alone.
    """
    if origin is None:
        return True
    came_from = _parts(origin)
    if came_from is None:
        return False
    if came_from == _parts(f"{came_from[0]}://{host}"):
        return True
    return any(came_from == _parts(allowed) for allowed in settings.ALLOWED_ORIGINS)


async def may_come_in(origin: str | None, host: str) -> bool:
    """As `is_allowed`, or because an API key is for this origin.

    To begin a conversation from there, that key is needed, see `views.start`; to go on with one, its token.
    """
    return origin is None or is_allowed(origin, host) or await in_database(apikeys.names_origin, origin)

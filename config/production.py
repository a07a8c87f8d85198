"""Production checks: what PRODUCTION refuses to start with. Each is a way in that somebody left open."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

SHORTEST_SECRET, FEWEST_CHARACTERS = (
    50,
    16,
)  # Django's own measure, and what 50 drawn at random never fall below
MADE_BY_DJANGO = "django-insecure-"
HERE = ("localhost", "127.0.0.1", "::1", "")


def check(
    *, debug: bool, secret_key: str, allowed_hosts: list[str], redis_url: str, redis_options: str
) -> None:
    """Raises ImproperlyConfigured, with all that is weak, and quotes no secret."""
    weak = [
        *_weak_key(secret_key),
        *(["DEBUG shows settings and code to whoever causes an error: unset it"] if debug else []),
        *_weak_hosts(allowed_hosts),
        *_weak_redis(redis_url, redis_options),
    ]
    if weak:
        raise ImproperlyConfigured("PRODUCTION does not start like this. " + "; ".join(weak) + ".")


def _weak_key(key: str) -> Iterator[str]:
    if len(key) < SHORTEST_SECRET or len(set(key)) < FEWEST_CHARACTERS or key.startswith(MADE_BY_DJANGO):
        yield "SECRET_KEY can be guessed: `make secrets` prints a better one"


def _weak_hosts(hosts: list[str]) -> Iterator[str]:
    if "*" in hosts or not hosts:
        yield "ALLOWED_HOSTS must name this server's hosts: with * a page of any name counts as our own"


def _weak_redis(url: str, options: str) -> Iterator[str]:
    if "password" in (json.loads(options) if options else {}):
        return
    for address in filter(None, url.split(",")):
        parts = urlsplit(address)
        if parts.scheme != "unix" and parts.hostname not in HERE and not parts.password:
            yield f"the Redis at {parts.hostname} needs a password: redis://:PASSWORD@{parts.hostname}"

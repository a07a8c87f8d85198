"""Whether this process can serve: database, cache, models, headroom."""

import secrets

from django.core.cache import cache
from django.db import DatabaseError, connection

from sessions_app.database import in_database
from voicebot.seats import seats

KEY, KEPT_SECS = "greenroom:1:ready", 30


class Models:
    """Whether the models are loaded; set by the lifespan."""

    loaded = False


def _ask() -> list[str]:
    missing = []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        missing.append("the database does not answer")
    try:
        value = secrets.token_hex(8)
        key = f"{KEY}:{value}"
        cache.set(key, value, KEPT_SECS)
        if cache.get(key) != value:
            missing.append("the cache does not keep anything")
    except Exception:  # django-redis raises its own, redis's and the system's
        missing.append("the cache does not answer")
    return missing


async def missing() -> list[str]:
    """What is missing, [] if the process can take a visitor."""
    if seats.closing:
        return ["draining"]
    found = [] if Models.loaded else ["the models are not loaded"]
    found += await in_database(_ask)
    if not found and seats.full:
        found.append("every seat is taken" if not seats.busy else "there is no headroom")
    return found

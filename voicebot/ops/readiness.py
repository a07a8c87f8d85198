"""Readiness: whether this process can serve, and what it cannot reach: database, cache, models, providers."""

import secrets
from collections.abc import Iterable

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import OperationalError, connection

from sessions_app.database import availability, cause_of, database_address, in_database
from sessions_app.shared_cache import AWAY, breaker, shared
from voicebot.ops.capacity import Capacity

KEY, KEPT_SECS = "greenroom:2:ready", 30
WITHOUT = "goes on without: "  # begins a line about what is away and not needed


def _redis_address() -> str:
    """Where Redis is, without name and password."""
    return ", ".join(
        part.rpartition("@")[2].removeprefix("redis://") for part in settings.REDIS_URL.split(",")
    )


def _database() -> str:
    """Why the database does not answer, '' if it does."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"the database does not answer: {database_address()}: {cause_of(error)}"
    return ""


def _cache() -> str:
    """Why the cache does not answer, '' if it does."""
    if breaker.rests:
        return f"Redis does not answer: {_redis_address()}: {breaker.cause}"
    try:
        value = secrets.token_hex(8)
        shared().set(f"{KEY}:{value}", value, KEPT_SECS)
        if shared().get(f"{KEY}:{value}") != value:
            return "the cache does not keep anything"
    except AWAY as error:
        breaker.failed(error)
        return f"Redis does not answer: {_redis_address()}: {cause_of(error)}"
    breaker.answered()
    return ""


async def missing(
    capacity: Capacity, *, models_loaded: bool, unreachable: Iterable[str], seats_too: bool = False
) -> list[str]:
    """What is missing, [] if the process can serve. Lines with WITHOUT do not stand in the way.

    `unreachable` are lines about providers. A process that is full serves pages, and visitors who come
    back: it is missing something only where `seats_too` are asked for.
    """
    if capacity.closing:
        return ["draining"]
    found = [] if models_loaded else ["the models are not loaded"]
    try:
        found += filter(None, [await in_database(_database)])
        cache = await in_database(_cache)
    except OperationalError as error:
        found.append(f"the database does not answer: {availability.cause or error}")
        cache = ""
    if cache:
        # Everything but sessions that live in the cache alone goes on without it.
        found.append(cache if settings.SESSION_STORE == "cache" else WITHOUT + cache)
    found += [WITHOUT + line for line in unreachable]
    if capacity.full and all(line.startswith(WITHOUT) for line in found):
        room = "there is no headroom" if capacity.busy else "every seat is taken"
        found.append(room if seats_too else f"{WITHOUT}new visitors: {room}")
    return found

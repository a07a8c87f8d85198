"""Shared cache of all processes: sealed bytes as plain JSON, locks, sets of ids.

Nothing is pickled: whoever can write to the cache could make a process run code that way.
"""

import base64
import contextlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.core.cache import caches
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import LockError, RedisError

from sessions_app.database import Breaker
from sessions_app.exceptions import ServerFull

LOCK_SECS = 10  # after which a lock whose holder died is free again
WAIT_SECS = 5  # for a lock that somebody holds
TRY_SECS = 0.005

AWAY = (RedisError, ConnectionInterrupted, OSError)  # what a cache that is away raises
breaker = Breaker("Redis")

T = TypeVar("T")


def shared() -> Any:
    """The cache, which raises when it is away: Redis, or this process's memory where there is none."""
    return caches["strict"] if "strict" in caches.settings else caches["default"]


# --- what is kept ---


def packed(record: Any) -> str:
    """A record of `sessions_app.stores.records` as JSON: bytes in base64, times in ISO 8601."""
    return json.dumps(record.as_dict(), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, UUID):
        return {"uuid": value.hex}
    raise TypeError(f"a {type(value).__name__} is not kept in a cache")


def _rich(value: dict[str, Any]) -> Any:
    match value:
        case {"b64": text}:
            return base64.b64decode(text)
        case {"at": text}:
            return datetime.fromisoformat(text)
        case {"uuid": text}:
            return UUID(text)
    return value


def unpacked(kind: Callable[..., T], text: Any, fields: tuple[str, ...]) -> T | None:
    """What was packed; None for what another version of the program has written and this one cannot read.

    Fields that this version does not know are left out.
    """
    try:
        values = json.loads(text, object_hook=_rich)
        return kind(**{name: values[name] for name in fields if name in values})
    except (TypeError, ValueError, AttributeError):
        return None


# --- locks ---

_local_locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)


@contextlib.contextmanager
def locked(name: str) -> Iterator[Callable[[], bool]]:
    """Holds a lock of this name; gives a function that tells whether it is still held.

    A process that was stopped for long may have lost it: ask before what must not happen then. Raises
    ServerFull if the lock cannot be had within WAIT_SECS.
    """
    cache = shared()
    if not hasattr(cache, "lock"):  # in the memory of this process
        lock = _local_locks[name]
        if not lock.acquire(timeout=WAIT_SECS):
            raise ServerFull("The session store is too busy. Try again in a moment.")
        try:
            yield lambda: True
        finally:
            lock.release()
        return
    held = cache.lock(name, timeout=LOCK_SECS, blocking_timeout=WAIT_SECS, sleep=TRY_SECS)
    if not held.acquire():
        raise ServerFull("The session store is too busy. Try again in a moment.")
    try:
        yield held.owned
    finally:
        with contextlib.suppress(LockError):  # it had lapsed, and is somebody else's
            held.release()


# --- sets of ids ---


class IdSet:
    """A set of session ids that all processes share; lapses `keep_secs` after the last addition."""

    def __init__(self, key: str, keep_secs: int):
        self._key, self._keep_secs = key, keep_secs

    def add(self, session_id: UUID) -> None:
        cache = shared()
        if hasattr(cache, "sadd"):
            cache.sadd(self._key, session_id.hex)
            cache.expire(self._key, self._keep_secs)
            return
        with locked(self._key):
            cache.set(self._key, sorted({*cache.get(self._key, ()), session_id.hex}), self._keep_secs)

    def discard(self, session_id: UUID) -> None:
        cache = shared()
        if hasattr(cache, "srem"):
            cache.srem(self._key, session_id.hex)
            return
        with locked(self._key):
            left = [other for other in cache.get(self._key, ()) if other != session_id.hex]
            cache.set(self._key, left, self._keep_secs)

    def ids(self) -> set[UUID]:
        cache = shared()
        found = cache.smembers(self._key) if hasattr(cache, "smembers") else cache.get(self._key, ())
        return {UUID(text) for text in found}

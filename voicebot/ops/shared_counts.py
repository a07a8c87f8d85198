"""What is counted over all processes: hits within a time (by the library `limits`), and leases.

In Redis where there is one, by whose clock leases lapse; in this process while it is away, and where there
is none. Both are asked in a database thread.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

from django.conf import settings
from limits import RateLimitItem
from limits.storage import MemoryStorage, RedisStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from sessions_app.shared_cache import AWAY, breaker, shared

COUNT_PREFIX = "greenroom:2"
LEASE_SECS = 90  # a connection that its process does not confirm in this time counts no more
T = TypeVar("T")

# KEYS: the leases. ARGV: whose, how many there may be, for how many seconds.
TAKE = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
    return 0
end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""


def _redis() -> Any:
    """A client of the Redis that all processes share."""
    return shared().client.get_client(write=True)


def _redis_storage() -> Storage:
    if settings.REDIS_CLUSTER:
        nodes = ",".join(node.split("://")[-1] for node in settings.REDIS_URL.split(","))
        return cast(Storage, storage_from_string(f"redis+cluster://{nodes}", key_prefix=COUNT_PREFIX))
    return RedisStorage(settings.REDIS_URL.split(",")[0], _redis().connection_pool, key_prefix=COUNT_PREFIX)


def _tried(in_redis: Callable[[], T], here: Callable[[], T]) -> T:
    """What Redis says; what this process knows while it is away or where there is none."""
    if not settings.REDIS_URL or breaker.rests:
        return here()
    try:
        answer = in_redis()
    except AWAY as error:
        breaker.failed(error)
        return here()
    breaker.answered()
    return answer


class SharedCounts:
    """Hits within a time that begins with the first one, and leases."""

    def __init__(self) -> None:
        self._here = FixedWindowRateLimiter(MemoryStorage())
        self.leases = LocalLeases()  # of this process, for while Redis is away

    @cached_property
    def _in_redis(self) -> FixedWindowRateLimiter:
        return FixedWindowRateLimiter(_redis_storage())

    def hit(self, item: RateLimitItem, *names: str, cost: int = 1) -> bool:
        """Counts; whether it is still within the limit."""
        return _tried(
            lambda: self._in_redis.hit(item, *names, cost=cost),
            lambda: self._here.hit(item, *names, cost=cost),
        )

    def left(self, item: RateLimitItem, *names: str) -> int:
        """How much of the limit is left."""
        return _tried(
            lambda: self._in_redis.get_window_stats(item, *names).remaining,
            lambda: self._here.get_window_stats(item, *names).remaining,
        )

    def clear(self) -> None:
        """Forgets what this process has counted."""
        self._here.storage.reset()
        self.leases.clear()

    def lease(self, name: str, owner: str) -> "Lease":
        """One that is not taken yet."""
        return Lease(name, owner, self.leases)


class LocalLeases:
    """Leases in the memory of this process, by name: whose, and until when."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._until: defaultdict[str, dict[str, float]] = defaultdict(dict)

    def take(self, name: str, owner: str, most: float) -> bool:
        with self._lock:
            now, held = self._clock(), self._until[name]
            for other in [other for other, until in held.items() if until <= now]:
                del held[other]
            if owner not in held and len(held) >= most:
                return False
            held[owner] = now + LEASE_SECS
            return True

    def leave(self, name: str, owner: str) -> None:
        with self._lock:
            self._until[name].pop(owner, None)
            if not self._until[name]:
                del self._until[name]

    def clear(self) -> None:
        with self._lock:
            self._until.clear()


@dataclass(frozen=True)
class Lease:
    """One of so many that a name may have at once: its process confirms it, over all processes."""

    name: str
    owner: str
    _here: LocalLeases

    @property
    def _key(self) -> str:
        return f"{COUNT_PREFIX}:lease:{self.name}"

    def take(self, most: float) -> bool:
        """Whether there was one left."""
        return _tried(
            lambda: bool(_redis().eval(TAKE, 1, self._key, self.owner, most, LEASE_SECS)),
            lambda: self._here.take(self.name, self.owner, most),
        )

    def keep(self) -> None:
        """Confirms it."""
        self.take(most=1_000_000)

    def leave(self) -> None:
        self._here.leave(self.name, self.owner)  # it may have been taken while Redis was away
        _tried(lambda: _redis().zrem(self._key, self.owner), lambda: 0)

"""A Redis cache that costs nothing but speed when it is away: what it cannot answer is not there.

Django's own cached sessions ignore a cache that fails; here every reader of the cache does. After a failure
it is left alone for a moment, so that not every request waits for the same time-out.
"""

from collections.abc import Callable
from typing import Any

from django_redis.cache import RedisCache
from django_redis.serializers.json import JSONSerializer

from sessions_app.shared_cache import AWAY, breaker


class PlainJSON(JSONSerializer):
    """JSON, and nothing for an entry that is none, such as one that another version has pickled."""

    def loads(self, value: bytes) -> Any:
        try:
            return super().loads(value)
        except ValueError:
            return None


class TolerantRedisCache(RedisCache):
    """RedisCache whose every method has an answer for a server that is away."""

    def _asked(self, method: Callable[..., Any], otherwise: Any, *args: Any, **kwargs: Any) -> Any:
        if breaker.rests:
            return otherwise
        try:
            answer = method(*args, **kwargs)
        except AWAY as error:
            breaker.failed(error)
            return otherwise
        breaker.answered()
        return answer

    def get(self, key: str, default: Any = None, version: int | None = None, client: Any = None) -> Any:
        return self._asked(super().get, default, key, default, version, client)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._asked(super().get_many, {}, *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._asked(super().set, False, *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._asked(super().set_many, [], *args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._asked(super().add, False, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._asked(super().delete, False, *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._asked(super().delete_many, 0, *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._asked(super().touch, False, *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._asked(super().has_key, False, *args, **kwargs)

    def clear(self) -> Any:
        return self._asked(super().clear, None)

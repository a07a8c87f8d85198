"""The lock that processes share, on a real Redis: who has lost it neither writes nor frees the next one."""

import pytest
from django.core.cache import caches

from config import redis
from sessions_app import shared_cache
from sessions_app.exceptions import ServerFull

NAME = "test:lock"


@pytest.fixture(autouse=True)
def cache(settings, redis_url, monkeypatch):
    settings.CACHES = redis.caches(redis_url, "", "")
    monkeypatch.setattr(shared_cache, "WAIT_SECS", 0.05)
    yield caches["strict"]
    caches["strict"].delete(NAME)


def test_nobody_else_has_it_meanwhile_and_anybody_afterwards():
    with shared_cache.locked(NAME) as still_held:
        assert still_held()
        with pytest.raises(ServerFull), shared_cache.locked(NAME):
            pass
    with shared_cache.locked(NAME) as still_held:
        assert still_held()


def test_it_is_free_again_when_its_holder_has_died(cache):
    with shared_cache.locked(NAME):
        assert 0 < cache.ttl(NAME) <= shared_cache.LOCK_SECS


def test_whoever_has_lost_it_knows_and_does_not_free_the_next_ones(cache):
    late = shared_cache.locked(NAME)
    late_still_holds = late.__enter__()
    cache.delete(NAME)  # as when its time is up
    with shared_cache.locked(NAME) as next_still_holds:
        assert not late_still_holds()
        late.__exit__(None, None, None)
        assert next_still_holds()
        with pytest.raises(ServerFull), shared_cache.locked(NAME):
            pass

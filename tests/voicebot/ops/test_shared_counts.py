"""What is counted over all processes is counted in Redis, and by this process alone while that is away."""

import os
import signal
import time
from collections.abc import Iterator
from subprocess import Popen

import pytest
from django.core.cache import caches
from limits import RateLimitItemPerMinute

from config import redis
from sessions_app import shared_cache
from tests.servers import valkey
from tests.workers import free_port
from voicebot.connection import rate_limits
from voicebot.ops import shared_counts
from voicebot.ops.shared_counts import LocalLeases, SharedCounts

TWO = RateLimitItemPerMinute(2)


@pytest.fixture
def server(tmp_path, settings) -> Iterator[Popen]:
    """A Valkey of the test's own, as the settings would use it."""
    port = free_port()
    with valkey(
        tmp_path / "valkey", port, "--port", str(port), "--bind", "127.0.0.1", "--save", ""
    ) as process:
        settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
        settings.CACHES = redis.caches(settings.REDIS_URL, "", "")
        yield process
        shared_cache.breaker.answered()
        for cache in caches.all():
            cache.close()


def test_processes_count_together(server):
    one, other = SharedCounts(), SharedCounts()
    assert [one.hit(TWO, "start", "me"), other.hit(TWO, "start", "me"), one.hit(TWO, "start", "me")] == [
        True,
        True,
        False,
    ]
    assert other.left(TWO, "start", "me") == 0
    assert other.left(TWO, "start", "you") == 2


def test_leases_are_given_out_once_confirmed_given_back_and_lapse(server, monkeypatch):
    counts = SharedCounts()
    first, second, third = (counts.lease("connection:1.2.3.4", name) for name in ("a", "b", "c"))
    assert [first.take(2), second.take(2), third.take(2)] == [True, True, False]
    assert first.take(2), "whoever has one keeps it"
    second.leave()
    assert third.take(2)
    assert counts.lease("connection:5.6.7.8", "d").take(1)
    monkeypatch.setattr(shared_counts, "LEASE_SECS", 0)
    first.keep()  # its last sign of life is over by now
    assert counts.lease("connection:1.2.3.4", "e").take(2)


def test_a_redis_that_is_away_lets_people_in_and_still_limits_them(server):
    one = SharedCounts()
    one.hit(TWO, "start", "me")
    server.kill()
    server.wait(10)
    assert [one.hit(TWO, "start", "me") for _ in range(3)] == [True, True, False], "counted from here on"
    lease = one.lease("connection:1.2.3.4", "a")
    assert lease.take(1)
    assert not one.lease("connection:1.2.3.4", "b").take(1)
    lease.keep()
    lease.leave()
    assert one.lease("connection:1.2.3.4", "b").take(1)


def test_a_redis_that_is_frozen_costs_a_second_and_then_nothing(server, settings):
    settings.CONNECTIONS_PER_ADDRESS = 100
    counts = SharedCounts()
    os.kill(server.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        rate_limits.check_start(counts, "1.2.3.4", "anon:1")
        for number in range(50):
            rate_limits.take_connection_lease(counts, "1.2.3.4", str(number))
            caches["default"].get("x")
        assert time.monotonic() - began < 4 * redis.REDIS_SECS
    finally:
        os.kill(server.pid, signal.SIGCONT)


def test_what_is_read_from_it_is_never_unpickled(server):
    cache = caches["default"]
    cache.set("x", {"a": [1, "b", None]}, 60)
    raw = cache.client.get_client().get(cache.make_key("x"))
    assert raw == b'{"a": [1, "b", null]}'
    cache.client.get_client().set(cache.make_key("x"), b"\x80\x04\x95cposix\nsystem\n.")
    assert cache.get("x") is None


def test_leases_of_one_process_lapse_by_its_steady_clock():
    now = [0.0]
    leases = LocalLeases(lambda: now[0])
    assert leases.take("x", "a", 1)
    assert not leases.take("x", "b", 1)
    now[0] = shared_counts.LEASE_SECS
    assert leases.take("x", "b", 1)

"""What keeps the workers of one run apart: ports, folders, Redis databases, and the machine to oneself."""

import contextlib
import fcntl
import itertools
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from config import redis

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")  # gw0, gw1, ..., or nothing where there is one
NUMBER = int(WORKER.removeprefix("gw") or 0)
SHARED = Path(settings.DATA_DIR)  # what all workers of a run have in common: the embedded PostgreSQL is there
# Below those that the system hands out: nobody's outgoing connection sits on one before the server listens.
PORTS_EACH = 500
_ports = itertools.cycle(range(20_000 + NUMBER * PORTS_EACH, 20_000 + (NUMBER + 1) * PORTS_EACH))


def free_port() -> int:
    for port in _ports:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("a cycle does not end")


def _of_this_worker(url: str) -> str:
    """The same server, and another of its databases."""
    return urlsplit(url)._replace(path=f"/{NUMBER}").geturl() if url else url


def keep_apart() -> None:
    """Gives this worker a folder, for its spool, and a database of Redis, if there is one: emptying the cache
    does not empty the neighbours'. A cluster of Redis has one database only."""
    if not WORKER:
        return
    settings.DATA_DIR = SHARED / "workers" / WORKER
    if not settings.REDIS_URL or settings.REDIS_CLUSTER:
        return
    for name in ("REDIS_URL", "CHANNEL_REDIS_URL"):
        own = _of_this_worker(getattr(settings, name))
        setattr(settings, name, own)
        os.environ[name] = own  # for the servers that are started here
    settings.CACHES = redis.caches(settings.REDIS_URL, settings.REDIS_SENTINELS, settings.REDIS_OPTIONS)
    settings.CHANNEL_LAYERS = redis.channel_layers(
        settings.CHANNEL_REDIS_URL, settings.REDIS_SENTINELS, settings.REDIS_OPTIONS
    )


@contextlib.contextmanager
def sharing_the_machine(*, alone: bool) -> Iterator[None]:
    """Others run beside this, or nobody does while this is held."""
    with (SHARED / "turnstile").open("w") as turnstile, (SHARED / "machine").open("w") as machine:
        fcntl.flock(turnstile, fcntl.LOCK_EX)  # who waits to be alone lets nobody else in
        fcntl.flock(machine, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(turnstile, fcntl.LOCK_UN)
        yield

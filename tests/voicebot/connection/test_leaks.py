"""Two hundred visitors come and go, half of them rudely: nothing of them stays."""

import asyncio
import re
from typing import Any

import psutil
import psycopg

from tests.servers import Server
from tests.visitors import Visitor

AT_ONCE = 10
POOLS = 16  # threads, or connections of a pool, that a busy moment may add; a leak would add a hundred


async def come_and_go(server: Server, number: int) -> None:
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        if number % 2:
            visitor.socket.transport.abort()  # no goodbye: the network is gone


async def crowd(server: Server, visits: int) -> None:
    for first in range(0, visits, AT_ONCE):
        await asyncio.gather(*(come_and_go(server, first + number) for number in range(AT_ONCE)))


async def at_rest(server: Server) -> dict[str, Any]:
    """What the server holds once everybody has left.

    `megabytes` is memory of its own. Pages of a model's file, `mapped`, are read in as they are first needed,
    whoever comes or goes, and are the page cache's.
    """
    async with asyncio.timeout(30):
        while (await asyncio.to_thread(server.request, "/readyz")).headers["X-Seats-Taken"] != "0":
            await asyncio.sleep(0.2)
    process = psutil.Process(server.pid)
    metrics = (await asyncio.to_thread(server.request, "/metrics")).body.decode()
    with psycopg.connect(server.database) as database:
        (connections,) = database.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        ).fetchone() or (0,)
    memory = process.memory_info()
    found = re.search(r"^greenroom_tasks (\d+)", metrics, re.MULTILINE)
    assert found
    return {
        "tasks": int(found.group(1)),
        "threads": process.num_threads(),
        "files": process.num_fds(),
        "connections": connections,
        "megabytes": (memory.rss - memory.shared) / 2**20,
        "mapped": memory.shared / 2**20,
    }


async def test_nothing_of_two_hundred_visitors_stays(own_server):
    server = await asyncio.to_thread(own_server, MAX_SESSIONS_PER_VISITOR="500", LOG_LEVEL="WARNING")
    await crowd(server, 40)  # pools, caches and code are as large as they get
    before = await at_rest(server)
    await crowd(server, 200)
    after = await at_rest(server)
    assert after["tasks"] <= before["tasks"] + 2, (before, after)
    assert after["threads"] <= before["threads"] + POOLS, (before, after)
    assert after["files"] <= before["files"] + POOLS, (before, after)
    assert after["connections"] <= 14, (before, after)
    assert after["megabytes"] < before["megabytes"] + 30, (before, after)

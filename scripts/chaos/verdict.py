"""What the database holds after a run, beside what the visitors saw."""

import asyncio
import contextlib
import time
import urllib.request
from typing import Any

import psutil
import psycopg

from scripts.chaos.talkers import Talker
from scripts.cluster import Cluster

SETTLE_SECS = 60.0


def history_of(talkers: list[Talker]) -> dict[str, Any]:
    """Counts of turns seen answered, and of those that are missing, there twice, or out of order.

    To be called in a new process: in one that began before the database, settings know of none.
    """
    import django

    django.setup()
    from sessions_app.manager import SyncSessionManager

    manager = SyncSessionManager()
    found: dict[str, Any] = {"finished": 0, "missing": 0, "twice": 0, "out of order": 0}
    for talker in talkers:
        if not talker.session:
            continue
        turns = [turn.text for turn in manager.turns(talker.session) if turn.role == "user"]
        numbers = [int(text.split()[1]) for text in turns if text.startswith("question ")]
        found["finished"] += len(talker.finished)
        found["missing"] += len(set(talker.finished) - set(numbers))
        found["twice"] += len(numbers) - len(set(numbers))
        found["out of order"] += int(numbers != sorted(numbers))
    return found


def level(cluster: Cluster, url: str) -> dict[str, float]:
    with psycopg.connect(url) as database:
        (connections,) = database.execute("SELECT count(*) FROM pg_stat_activity").fetchone() or (0,)
    memory = max(psutil.Process(process.pid).memory_info().rss for process in cluster.processes) / 2**20
    return {"most MB of a process": round(memory), "database connections": connections}


def count_stuck(url: str) -> int:
    """Sessions that still belong to a connection."""
    with psycopg.connect(url) as database:
        row = database.execute(
            "SELECT count(*) FROM sessions_app_voicesession WHERE state = 'active' OR connection IS NOT NULL"
        ).fetchone()
    return int(row[0]) if row else 0


async def settled(cluster: Cluster, url: str) -> int:
    """Waits until every process is ready without a visitor and no session is taken; those still taken."""

    def capacity() -> set[str]:
        urls = [f"http://127.0.0.1:{process.port}/readyz" for process in cluster.processes]
        return {urllib.request.urlopen(url, timeout=3).headers["X-Seats-Taken"] for url in urls}  # noqa: S310

    until = time.monotonic() + SETTLE_SECS
    while True:
        taken = await asyncio.to_thread(count_stuck, url)
        with contextlib.suppress(OSError):
            if not taken and await asyncio.to_thread(capacity) == {"0"}:
                return 0
        if time.monotonic() > until:
            return taken
        await asyncio.sleep(0.5)

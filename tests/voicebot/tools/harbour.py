"""The harbour of `mcp_harbour.py` as tests start, kill and reach it."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tests.patience import PATIENCE_SECS
from tests.workers import free_port
from voicebot.tools.mcp.pool import ToolServers

PROGRAM = Path(__file__).parent / "mcp_harbour.py"


class Harbour:
    """Of one transport, at one port: whoever comes back does so at the same."""

    def __init__(self, transport: str, folder: Path, certificate: tuple[Path, Path] | None = None) -> None:
        """`certificate`, with its key, for a transport behind TLS."""
        self.certificate = certificate
        self.transport, self.port, self.log = transport, free_port(), folder / "harbour.log"
        self.process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return self.at("127.0.0.1")

    def at(self, host: str) -> str:
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://{host}:{self.port}/{'sse' if self.transport.endswith('sse') else 'mcp'}"

    @property
    def noted(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    async def begin(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PROGRAM),
            self.transport,
            str(self.port),
            *map(str, self.certificate or ()),
            env={**os.environ, "HARBOUR_LOG": str(self.log)},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(PATIENCE_SECS):
            while True:
                with contextlib.suppress(OSError):
                    _reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    return
                await asyncio.sleep(0.05)

    def kill_now(self) -> None:
        """Where no event loop runs."""
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)

    async def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()

    async def has_noted(self, words: str) -> None:
        async with asyncio.timeout(PATIENCE_SECS):
            while not any(words in line for line in self.noted):
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def pool(**options: object) -> AsyncIterator[ToolServers]:
    made = ToolServers(**options)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        await made.close()

"""A link between a browser and a server: whole, thin, a hole that swallows everything, or cut."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from tests.servers import Server


class Link:
    """A TCP proxy on loopback in front of a server."""

    def __init__(self, port: int):
        self._port = port
        self._whole = asyncio.Event()
        self._whole.set()
        self._pairs: set[asyncio.StreamWriter] = set()
        self.url = ""
        self._bytes_per_sec = float("inf")

    def thin(self, kbit_per_sec: float) -> None:
        """From now on so much comes through in each direction; what is more waits."""
        self._bytes_per_sec = kbit_per_sec * 1000 / 8

    def hole(self) -> None:
        """From now on nothing comes through, in either direction, and nobody is told."""
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    def cut(self) -> None:
        """Resets every connection; new ones come through."""
        for writer in self._pairs:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._whole.wait()
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:  # the server is down
            writer.close()
            return
        pair = {writer, back}
        self._pairs |= pair
        await asyncio.gather(self._forward(reader, back), self._forward(there, writer))
        self._pairs -= pair

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        free_at = 0.0  # when what was written has gone through
        with contextlib.suppress(OSError):
            while data := await reader.read(1400):  # a packet
                await self._whole.wait()
                free_at = max(free_at, time.monotonic()) + len(data) / self._bytes_per_sec
                await asyncio.sleep(free_at - time.monotonic() if self._bytes_per_sec < float("inf") else 0)
                writer.write(data)
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def linked(server: Server) -> AsyncIterator[Link]:
    """A link to this server, at `url`."""
    link = Link(server.port)
    proxy = await asyncio.start_server(link.serve, "127.0.0.1")
    link.url = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    try:
        yield link
    finally:
        link.mend()
        link.cut()
        proxy.close()

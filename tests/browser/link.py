"""A link between a browser and a server: whole, a hole that swallows everything, or cut."""

import asyncio
import contextlib
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
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._whole.wait()
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

"""A proxy in front of PostgreSQL that loses answers: what was asked is committed, and nobody hears so."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from types import TracebackType

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CHUNK = 65_536


class LossyPostgres:
    """Passes connections on to a server, on a free port of loopback.

    `lose(count)` makes it break that many connections in the moment in which the server answers to a
    statement that holds `statement`: the server has done what was asked, in a transaction of its own.
    """

    def __init__(self, connect: Callable[[], Awaitable[Streams]], statement: bytes):
        self._connect, self._statement = connect, statement
        self._to_lose = 0
        self.lost = 0
        self._tasks: set[asyncio.Task] = set()

    async def __aenter__(self) -> "LossyPostgres":
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def lose(self, count: int = 1) -> None:
        self._to_lose += count

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            inner_reader, inner_writer = await self._connect()
        except OSError:
            writer.close()
            return
        asked = asyncio.Event()  # a statement that may be lost is with the server
        ways = [
            asyncio.create_task(self._ask(reader, inner_writer, asked)),
            asyncio.create_task(self._answer(inner_reader, writer, asked)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for side in (writer, inner_writer):
                with contextlib.suppress(Exception):
                    side.transport.abort()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: asyncio.Event
    ) -> None:
        while data := await reader.read(CHUNK):
            if self._statement in data:
                asked.set()
            writer.write(data)
            await writer.drain()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: asyncio.Event
    ) -> None:
        while data := await reader.read(CHUNK):
            if asked.is_set():
                asked.clear()
                if self._to_lose:
                    self._to_lose -= 1
                    self.lost += 1
                    return
            writer.write(data)
            await writer.drain()

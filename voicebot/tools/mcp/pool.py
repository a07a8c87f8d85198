"""Tool servers of a process: one connection to each, made at its first call, for all conversations."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from pipecat.utils.security.ssrf import IPNetwork

from voicebot.outbound import Lookup
from voicebot.tools.kinds import ToolFailed
from voicebot.tools.mcp.connection import Connection
from voicebot.tools.mcp.servers import Server

MISSING = "Tools of other servers need the extra `mcp`, which is not installed here."


class ToolServers:
    """Tests give networks, and a lookup of names."""

    def __init__(self, *, networks: Sequence[IPNetwork] | None = None, lookup: Lookup | None = None) -> None:
        self._networks, self._lookup = networks, lookup
        self._connections: dict[str, tuple[str, Connection]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def call(self, server: Server, tool: str, arguments: Mapping[str, Any]) -> Any:
        """What a server's tool gives. Raises ServerAway, ServerRefused, and ToolFailed without the SDK."""
        return await self._connection(server).call(tool, arguments)

    def _connection(self, server: Server) -> Connection:
        mark, connection = self._connections.get(server.name, ("", None))
        if connection is not None and mark == server.fingerprint:
            return connection
        if connection is not None:
            closing = asyncio.create_task(connection.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
        opened = sdk().opened
        made = Connection(
            server.name,
            lambda lost: opened(server, lost, networks=self._networks, lookup=self._lookup),
        )
        self._connections[server.name] = server.fingerprint, made
        return made

    async def listed(self, server: Server) -> Any:
        """The tools of a server, see `opening.Listed`, over a connection for this alone."""
        async with sdk().opened(
            server, lambda: None, networks=self._networks, lookup=self._lookup
        ) as session:
            return await session.tools()

    async def close(self) -> None:
        connections, self._connections = [each for _mark, each in self._connections.values()], {}
        await asyncio.gather(*(each.close() for each in connections), *self._closing, return_exceptions=True)


def sdk() -> Any:
    """What needs the SDK, which takes most of a second to load. Raises ToolFailed where it is missing."""
    try:
        from voicebot.tools.mcp import opening
    except ImportError as error:
        raise ToolFailed(MISSING) from error
    return opening

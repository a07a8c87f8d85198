"""Listings: what servers say that they can do, for the desk, kept for a while."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from asgiref.sync import async_to_sync
from django.core.cache import cache

from voicebot.tools.kinds import ToolFailed
from voicebot.tools.mcp import servers
from voicebot.tools.mcp.pool import ToolServers
from voicebot.tools.mcp.servers import Server

log = logging.getLogger(__name__)

ASK_SECS = 4.0
FRESH_SECS, KEPT_SECS = 300.0, 24 * 3600  # an older one is of use while its server is away
AWAY_SECS = 30.0  # in which a server that did not answer is not asked again

Listing = Mapping[str, Mapping[str, Any]]  # by the tool's name: its description, and its arguments' schema


def _key(server: Server) -> str:
    return f"greenroom:tools:{server.name}:{server.fingerprint}"


def listing(server: Server) -> Listing:
    """The tools of a server that may be used. Raises ToolFailed where it does not answer and never has."""
    kept = cache.get(_key(server))
    if kept is None or time.time() - kept["at"] > FRESH_SECS:
        async_to_sync(_ask)([server])
        kept = cache.get(_key(server))
    if kept is None:
        raise ToolFailed("The server of this tool does not answer.")
    return {name: tool for name, tool in kept["tools"].items() if server.allows(name)}


def listed(name: str) -> Listing:
    """The tools of the server of that name. Raises ToolFailed."""
    return listing(servers.find(name))


def all_tools() -> Sequence[tuple[str, str]]:
    """The tools of all servers, `server/tool` and a label. Those of servers that are away are left out."""
    found = []
    for name in servers.names():
        with contextlib.suppress(ToolFailed):
            found.append(servers.find(name))
    async_to_sync(_ask)([server for server in found if cache.get(_key(server)) is None])
    tools: list[tuple[str, str]] = []
    for server in found:
        with contextlib.suppress(ToolFailed):
            tools += [(f"{server.name}/{tool}", f"{server.name}: {tool}") for tool in sorted(listing(server))]
    return tools


async def _ask(those: Sequence[Server]) -> None:
    await asyncio.gather(*(_ask_one(server) for server in those))


async def _ask_one(server: Server) -> None:
    """Keeps what it lists; one that does not answer is left alone for a while. Raises ToolFailed."""
    key = _key(server)
    if await cache.aget(f"{key}:away"):
        return
    try:
        async with asyncio.timeout(ASK_SECS):
            found = await ToolServers().listed(server)
    except ToolFailed:
        raise
    except Exception as error:  # of the SDK, of networks, of processes
        log.warning("the server of tools %s lists nothing (%s)", server.name, type(error).__name__)
        await cache.aset(f"{key}:away", True, AWAY_SECS)
    else:
        tools = {tool.name: {"description": tool.description, "schema": tool.schema} for tool in found}
        await cache.aset(key, {"at": time.time(), "tools": tools}, KEPT_SECS)

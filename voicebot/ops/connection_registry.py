"""The connection registry: a process's live connections, and how they are drained before it stops."""

import asyncio
import logging
from typing import Protocol

from django.conf import settings

from voicebot.ops.capacity import Capacity

log = logging.getLogger(__name__)


class LiveConnection(Protocol):
    async def drain(self, secs: float) -> None:
        """Lets a reply in flight finish, at most so long, and closes the connection with 4503."""


class ConnectionRegistry:
    """The connections of this process; `capacity` takes nobody new once they are drained."""

    def __init__(self, capacity: Capacity) -> None:
        self._capacity = capacity
        self.live: set[LiveConnection] = set()

    async def drain(self) -> None:
        """Takes nobody new; everybody here hears of it, hears their reply to its end, and is sent on.

        Bounded by DRAIN_SECS. The pages come back on another process.
        """
        self._capacity.closing = True
        connections = list(self.live)
        log.info("draining: %d connections", len(connections))
        waits = asyncio.gather(
            *(connection.drain(settings.DRAIN_SECS) for connection in connections), return_exceptions=True
        )
        try:
            await asyncio.wait_for(waits, settings.DRAIN_SECS + 2)
        except TimeoutError:
            log.warning("some connections did not end in time")

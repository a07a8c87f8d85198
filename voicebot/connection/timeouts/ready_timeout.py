"""Ready timeout: ends the connection of a client that neither says that it is ready nor speaks."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

READY = "client-ready"  # RTVI's message by which a client begins


class ReadyTimeout:
    """Of one connection. `sleep` waits for so many seconds; tests have one of their own."""

    sleep: Callable[[float], Awaitable[None]] = staticmethod(asyncio.sleep)

    def __init__(self) -> None:
        self._ready = False

    def note(self, message: dict[str, Any]) -> None:
        """An RTVI message has come from the client."""
        self._ready = self._ready or message.get("type") == READY

    async def passes(self, speaks: Callable[[], bool]) -> bool:
        """Waits for READY_SECS; whether the client has not said by then that it is ready, nor `speaks`."""
        await self.sleep(settings.READY_SECS)
        return not (self._ready or speaks())

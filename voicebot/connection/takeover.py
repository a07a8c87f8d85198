"""Takeover of a session by a newer connection, which waits until the older one has written what it knows."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from sessions_app.session import Session
from voicebot.connection.channel_events import ChannelGroups, session_group

PREDECESSOR_SECS = 0.5  # for a predecessor to say that it is there; one that was killed says nothing
LEAVING_SECS = 4.0  # for it to write everything down


class Predecessor:
    """What is known of the connection that had the session before."""

    def __init__(self) -> None:
        self._leaving = asyncio.Event()
        self._left = asyncio.Event()
        self._who = ""

    def is_leaving(self, connection: str) -> None:
        if self._who in ("", connection):
            self._leaving.set()

    def has_left(self, connection: str) -> None:
        if self._who in ("", connection):
            self._leaving.set()
            self._left.set()

    async def gone(self, connection: UUID | None) -> bool:
        """Waits until `connection` has left; not at all if there is none, briefly if it does not answer.

        Whether all that it heard is written.
        """
        if connection is None:
            return True
        self._who = str(connection)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._leaving.wait(), PREDECESSOR_SECS)
            await asyncio.wait_for(self._left.wait(), LEAVING_SECS)
        return self._left.is_set()


class Takeover:
    """One connection's part: takes its session from an older one, and leaves it to a newer.

    `on_replaced` is called when a newer one has it. The `on_` methods take messages of the channel layer.
    """

    def __init__(self, groups: ChannelGroups, connection: UUID, on_replaced: Callable[[], Awaitable[None]]):
        self._groups, self._connection, self._on_replaced = groups, connection, on_replaced
        self.session_id: UUID | None = None
        self.fencing_token = 0  # a later connection of the session has a higher one
        self.predecessor = Predecessor()

    async def join(self, session: Session) -> None:
        """Hears of the session's other connections from now on."""
        self.session_id, self.fencing_token = session.id, session.connections
        await self._groups.add(session_group(session.id))

    async def announce(self) -> None:
        """Tells older connections that they have lost the session."""
        await self._group_send("session.taken_over")

    async def leave(self, *, settled: bool) -> None:
        """Hears nothing more. If all that was said is written, whoever waits for that is told."""
        if self.session_id:
            if settled:
                await self._group_send("session.left")
            await self._groups.discard(session_group(self.session_id))

    async def _group_send(self, what: str) -> None:
        if self.session_id:
            # `hold` is the fencing token's name between processes, of which older ones may run.
            message = {"type": what, "connection": str(self._connection), "hold": self.fencing_token}
            await self._groups.send(session_group(self.session_id), message)

    async def on_taken_over(self, message: dict[str, Any]) -> None:
        """Another connection has taken the session, unless that was before this one did."""
        if message["connection"] != str(self._connection) and message["hold"] > self.fencing_token:
            await self._group_send("session.leaving")
            await self._on_replaced()

    def on_leaving(self, message: dict[str, Any]) -> None:
        """The older connection is there, and writes down what it still knows."""
        self.predecessor.is_leaving(message["connection"])

    def on_left(self, message: dict[str, Any]) -> None:
        """The older connection has written everything down."""
        self.predecessor.has_left(message["connection"])

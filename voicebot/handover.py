"""From one connection of a session to the next: the newer one waits until the older one has written down
what it knows."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from sessions_app.exceptions import Replaced

log = logging.getLogger(__name__)

ANSWER_SECS = 0.5  # for a predecessor to say that it is there; one that was killed says nothing
LEAVING_SECS = 4.0  # for it to write everything down


def group_of(session_id: UUID) -> str:
    """The channel layer group in which the connections of a session hear of each other."""
    return f"session.{session_id.hex}"


async def _tell_over(session_ids: Iterable[UUID]) -> None:
    layer = get_channel_layer()
    for session_id in session_ids:
        await layer.group_send(group_of(session_id), {"type": "session.over"})


def on_sessions_over(session_ids: Iterable[UUID], **_: Any) -> None:
    """Signal receiver: closes the live connections of sessions that are over, in every process."""
    try:
        async_to_sync(_tell_over)(session_ids)
    except Exception:  # a channel layer that is away: each connection notices at its next sign of life
        log.exception("live connections of ended sessions could not be told")


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

    async def gone(self, connection: UUID | None) -> None:
        """Waits until `connection` has left; not at all if there is none, briefly if it does not answer."""
        if connection is None:
            return
        self._who = str(connection)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._leaving.wait(), ANSWER_SECS)
            await asyncio.wait_for(self._left.wait(), LEAVING_SECS)


class HandsOver:
    """Mixed into the consumer: takes its session over from an older connection, and leaves it to a newer."""

    channel_layer: Any
    channel_name: str

    def __init__(self) -> None:
        super().__init__()
        self.connection = uuid4()
        self.session_id: UUID | None = None
        self.hold = 0  # the session's revision when this connection took it: a later one has a higher
        self.predecessor = Predecessor()

    async def close_with(self, code: int, reason: str, why: str = "") -> None:
        raise NotImplementedError

    async def tell_others(self, what: str) -> None:
        """Tells the other connections of this session something."""
        if self.session_id:
            message = {"type": what, "connection": str(self.connection), "hold": self.hold}
            await self.channel_layer.group_send(group_of(self.session_id), message)

    async def session_taken_over(self, message: dict[str, Any]) -> None:
        """Channel layer: another connection has taken the session, unless that was before this one did."""
        if message["connection"] != str(self.connection) and message["hold"] > self.hold:
            await self.tell_others("session.leaving")
            await self.close_with(Replaced.close_code, str(Replaced()))

    async def session_leaving(self, message: dict[str, Any]) -> None:
        """Channel layer: the older connection is there, and writes down what it still knows."""
        self.predecessor.is_leaving(message["connection"])

    async def session_left(self, message: dict[str, Any]) -> None:
        """Channel layer: the older connection has written everything down."""
        self.predecessor.has_left(message["connection"])

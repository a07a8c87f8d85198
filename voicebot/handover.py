"""From one connection of a session to the next: the newer one waits until the older one has written down
what it knows."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

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

"""The meter of a connection: totals go along with turns, and what is left at heartbeats and at the end."""

import asyncio
import logging
from typing import Any, Protocol
from uuid import UUID

from sessions_app.costs import Meter

log = logging.getLogger(__name__)


class Counts(Protocol):
    async def count(self, session_id: UUID | str, usage: str) -> None: ...


class ConnectionMeter(Meter):
    """`turned` is set whenever a turn is written."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.turned = asyncio.Event()

    def _at_turn(self) -> str:
        self.turned.set()
        return self.take_changed()

    def give_to(self, writer: Any) -> None:
        """The history writer takes along with each turn what has been used since the one before."""
        writer.usage = self._at_turn

    def take_from(self, writer: Any) -> None:
        if writer.usage == self._at_turn:  # and no later connection's of the session in this process
            writer.usage = lambda: ""

    async def flush(self, manager: Counts, session_id: UUID) -> None:
        """Writes what no turn has taken along, in a statement of its own; none where there is nothing.

        Never fails: what could not be written is tried again, and counts once however often it is.
        """
        if not (changed := self.take_changed()):
            return
        try:
            await manager.count(session_id, changed)
        except Exception as error:
            self.give_back()
            log.warning("usage of session %s is written later (%s)", session_id, type(error).__name__)

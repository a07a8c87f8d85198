"""Rounds: work in the database that is looked for now and then, and at once when somebody says so."""

import asyncio
import logging
from contextlib import suppress
from typing import ClassVar

from django.db import Error as DatabaseError

log = logging.getLogger(__name__)


class Rounds:
    """Does `round` every `every_secs`, and when `soon` says so; one that fails is done again in the next."""

    work: ClassVar[str]  # what it is, for the log: “rehearsing”
    every_secs: ClassVar[float]

    def __init__(self) -> None:
        self._due = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def round(self) -> None:
        """Does what there is to do."""
        raise NotImplementedError

    def soon(self) -> None:
        """There is something to do: does not wait for the next round. From any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._due.set)

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        while True:
            self._due.clear()
            try:
                await self.round()
            except (DatabaseError, OSError):
                pass  # away: whoever found out has said so
            except Exception:
                log.exception("%s failed; trying again later", self.work)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._due.wait(), self.every_secs)

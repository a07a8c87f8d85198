"""Published rounds: work that a process does once for each version of a character that is on stage."""

import asyncio
import logging
from contextlib import suppress
from typing import ClassVar

from django.db import Error as DatabaseError

from characters import catalog
from characters.exceptions import CharacterNotFound
from characters.spec import CharacterSpec
from sessions_app.database import in_database

log = logging.getLogger(__name__)

ROUND_SECS = 60.0  # between two looks at what is published


class PublishedRounds:
    """Looks once a minute, and when `soon` says so; `on_published` is what is done."""

    work: ClassVar[str]  # what it is, for the log: “rehearsing”

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._published = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def on_published(self, spec: CharacterSpec) -> None:
        """Does it. One that raises is asked again in the next round."""
        raise NotImplementedError

    def soon(self) -> None:
        """Somebody has published: does not wait for the next minute. From any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._published.set)

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        while True:
            self._published.clear()
            try:
                await self.round()
            except (DatabaseError, OSError):
                pass  # away: whoever found out has said so
            except Exception:
                log.exception("%s failed; trying again later", self.work)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._published.wait(), ROUND_SECS)

    async def round(self) -> None:
        """Does what was published since the last time."""
        for slug in await in_database(catalog.on_stage):
            try:
                spec = await in_database(catalog.get, slug)
            except CharacterNotFound:  # taken off the stage meanwhile
                continue
            if spec.label not in self._known:
                await self.on_published(spec)
                self._known.add(spec.label)

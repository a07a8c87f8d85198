"""Reading ahead: the indexes of characters on stage are made before their first visitor asks.

At the start of the server, when somebody publishes, and once a minute for what other processes published; at
half speed, so that voices go first.
What was read before lies on disk, so that this is work once for each wording on a machine.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from django.db import Error as DatabaseError

from characters import catalog
from characters.exceptions import CharacterNotFound
from characters.spec import CharacterSpec
from sessions_app.database import in_database
from voicebot.providers import registry
from voicebot.repertoire import IndexCache, index_cache

log = logging.getLogger(__name__)

ROUND_SECS = 60.0  # between two looks at what is published


class ReadingAhead:
    """What this process has read, by label of the version. `cache` gives the indexes."""

    def __init__(self, cache: Callable[[], IndexCache] = index_cache) -> None:
        self._cache = cache
        self._known: set[str] = set()
        self._published = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

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
                log.exception("reading ahead failed; trying again later")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._published.wait(), ROUND_SECS)

    async def round(self) -> None:
        """Makes the indexes of what was published since the last time; their vectors follow behind."""
        for slug in await in_database(catalog.on_stage):
            try:
                spec = await in_database(catalog.get, slug)
            except CharacterNotFound:  # taken off the stage meanwhile
                continue
            if spec.label not in self._known and is_read(spec):
                await asyncio.to_thread(self._cache().written, spec, ahead=True)
            self._known.add(spec.label)


def is_read(spec: CharacterSpec) -> bool:
    """Whether anybody looks for this character's exchanges: a script does not."""
    return registry.name_for("llm", spec) != "scripted"

"""Usage apart from any conversation: the desk's trials, and what is made beforehand. It counts in sums."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sessions_app import costs
from sessions_app.costs import Meter
from sessions_app.database import in_database

log = logging.getLogger(__name__)

DESK, BEFOREHAND = "desk", "beforehand"  # of Usage.Source


@asynccontextmanager
async def apart(character: str, source: str = DESK) -> AsyncIterator[Meter]:
    """A meter whose totals are added to the sums in the end. That never fails: the work is done."""
    meter = Meter(character=character, source=source)
    try:
        yield meter
    finally:
        if used := meter.take_changed():
            try:
                await in_database(costs.add, used)
            except Exception as error:
                log.warning("what was used for %s is not counted (%s)", source, type(error).__name__)

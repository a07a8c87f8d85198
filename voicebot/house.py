"""Who is here, and how the house is closed for the night without a dropped sentence."""

import asyncio
import logging
from typing import Protocol

from django.conf import settings

from voicebot.seats import seats

log = logging.getLogger(__name__)


class Guest(Protocol):
    async def see_out(self, secs: float) -> None:
        """Lets a reply in flight finish, at most so long, and closes the connection with 4503."""


class House:
    """The connections of this process."""

    def __init__(self) -> None:
        self.guests: set[Guest] = set()

    async def drain(self) -> None:
        """Takes nobody new; everybody here hears of it, hears their reply to its end, and is sent on.

        Bounded by DRAIN_SECS. The pages come back on another process.
        """
        seats.closing = True
        guests = list(self.guests)
        log.info("draining: %d connections", len(guests))
        waits = asyncio.gather(
            *(guest.see_out(settings.DRAIN_SECS) for guest in guests), return_exceptions=True
        )
        try:
            await asyncio.wait_for(waits, settings.DRAIN_SECS + 2)
        except TimeoutError:
            log.warning("some connections did not end in time")


house = House()

"""Delivery of events: endpoints side by side, and of each several sessions at once, whose events go in order.

Several processes share the work by leases (`sessions_app.outbox.leases`). At least once: what a receiver has
taken and nobody could note, because the process was killed, comes again under the same `webhook-id`.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from sessions_app.database import Rounds, database_clock, in_database
from sessions_app.outbox import Claimed, leases
from sessions_app.signals import happened
from voicebot.events.sending import send
from voicebot.ops import metrics
from voicebot.outbound import Posting

log = logging.getLogger(__name__)

AT_ONCE = 8  # requests to one endpoint from one process
Clock = Callable[[], datetime]


class EndpointDelivery:
    """What goes to one endpoint from this process, until nothing is due."""

    def __init__(self, endpoint_id: UUID, clock: Clock):
        self._id, self._clock = endpoint_id, clock
        self._running: set[asyncio.Task[None]] = set()
        self.more = asyncio.Event()  # there may be more than when it was last looked at
        self.more.set()

    async def run(self, posting: Posting) -> None:
        """Leaves nothing running behind."""
        waking = asyncio.create_task(self.more.wait())
        try:
            while self._running or self.more.is_set():
                if self.more.is_set():
                    self.more.clear()
                    await self._take(posting)
                if waking.done():
                    waking = asyncio.create_task(self.more.wait())
                if self._running:
                    await self._next_end(waking)
        finally:
            waking.cancel()
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _take(self, posting: Posting) -> None:
        found = await in_database(self._claimed, len(self._running))
        self._running |= {asyncio.create_task(self._deliver(posting, one)) for one in found}

    def _claimed(self, in_hand: int) -> list[Claimed]:
        return leases.claim(self._id, self._clock(), AT_ONCE, in_hand)

    async def _next_end(self, waking: asyncio.Task[Any]) -> None:
        """Waits until a request is over, or there is more to do. Raises what a delivery has raised."""
        done, _ = await asyncio.wait({*self._running, waking}, return_when=asyncio.FIRST_COMPLETED)
        for task in done & self._running:
            self._running.discard(task)
            self.more.set()  # what comes behind it in its lane
            task.result()

    async def _deliver(self, posting: Posting, claimed: Claimed) -> None:
        try:
            now = await in_database(self._clock)
            came = await send(posting, claimed.event, claimed.endpoint, now)
        except asyncio.CancelledError:
            with suppress(Exception):
                await in_database(leases.give_back, claimed)
            raise
        metrics.event_deliveries.labels("delivered" if came.delivered else "failed").inc()
        await in_database(lambda: leases.settle(claimed, came, self._clock()))


class EventDelivery(Rounds):
    """What this process delivers. `posting` and `clock` are injected by tests."""

    work = "delivering events"
    every_secs = 5.0  # between two looks for what other processes have told, and for tries that are due

    def __init__(
        self,
        posting: Callable[[], Posting] = lambda: Posting(plain_inside=True),
        clock: Clock = database_clock,
    ):
        super().__init__()
        self._posting, self._clock = posting, clock
        self._serving: dict[UUID, tuple[EndpointDelivery, asyncio.Task[None]]] = {}
        self._listened = False  # whether there was an endpoint at the last look

    async def run(self) -> None:
        happened.connect(self._happened)
        try:
            await super().run()
        finally:
            happened.disconnect(self._happened)
            await self.stop()

    def _happened(self, **_: Any) -> None:
        if self._listened:
            self.soon()

    async def round(self) -> None:
        endpoints = await in_database(lambda: leases.listening(self._clock()))
        self._listened = bool(endpoints)
        for endpoint in endpoints:
            if serving := self._serving.get(endpoint.pk):
                serving[0].more.set()
            else:
                delivery = EndpointDelivery(endpoint.pk, self._clock)
                self._serving[endpoint.pk] = delivery, asyncio.create_task(self._serve(endpoint.pk, delivery))

    async def deliver_all(self) -> None:
        """Delivers what is due at this moment, until there is no more of it."""
        await self.round()
        await asyncio.gather(*(task for _, task in self._serving.values()))

    async def stop(self) -> None:
        tasks = [task for _, task in self._serving.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, endpoint_id: UUID, delivery: EndpointDelivery) -> None:
        try:
            async with self._posting() as posting:
                await delivery.run(posting)
        except Exception as error:  # what was claimed is due again when its lease is over
            log.warning("events for endpoint %s wait: %s", endpoint_id, type(error).__name__)
        finally:
            self._serving.pop(endpoint_id, None)

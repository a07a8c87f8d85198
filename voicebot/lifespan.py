"""What happens when the server starts and stops: models are loaded before the first visitor comes, what has
had its time is swept meanwhile, and nothing unwritten is left behind."""

import asyncio
import gc
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from sessions_app import sweeper
from sessions_app.database import in_database
from voicebot import hearing, tracing
from voicebot.load import load
from voicebot.providers import registry
from voicebot.readiness import Models
from voicebot.recorder import recorders

log = logging.getLogger(__name__)

# New objects between two collections, and collections between two of the older ones. Python's first is 700,
# which come together with every few packets of audio; what visitors leave is collected as often as by that.
GC_THRESHOLDS = (3_000, 5, 5)
FLUSH_SECS = 10.0  # for turns that are not written yet when the server stops


def warm(report: Callable[[str], None]) -> None:
    """Loads every model that the settings call for, telling `report` about each. Blocks for seconds."""
    for name, make in [("Silero and Smart Turn (when you speak)", hearing.warm), *registry.warmers()]:
        begun = time.monotonic()
        make()
        report(f"  {name}: ready in {time.monotonic() - begun:.1f} s")


class Lifespan:
    """The ASGI lifespan: a failed start says why and stops the server."""

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        await receive()
        try:
            tracing.set_up()
            print("Warming the models", flush=True)  # noqa: T201  (the operator is looking at it)
            await asyncio.to_thread(warm, lambda line: print(line, flush=True))  # noqa: T201
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        Models.loaded = True
        # What is loaded by now stays: collecting garbage among it held the loop for a tenth of a second.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        background = [asyncio.create_task(self._sweep()), asyncio.create_task(load.watch())]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in background:
            task.cancel()
        if left := await recorders.flush(FLUSH_SECS):
            log.error("%d turns could not be written: the database did not answer", left)
        await send({"type": "lifespan.shutdown.complete"})

    async def _sweep(self) -> None:
        while True:
            try:
                await in_database(sweeper.sweep)
            except Exception:
                log.exception("sweeping failed; trying again later")
            await asyncio.sleep(sweeper.EVERY_SECS)

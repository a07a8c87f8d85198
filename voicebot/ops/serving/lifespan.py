"""The ASGI lifespan: makes what is one per process, begins it before the first visitor comes, ends it."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable
from typing import Any, Protocol

from voicebot.ops import RUNTIME

# New objects between two collections, and collections between two of the older ones. Python's first is 700,
# which come together with every few packets of audio; what visitors leave is collected as often as by that.
GC_THRESHOLDS = (3_000, 5, 5)
END_SECS = 5.0  # for cancelled background tasks to put away what they have in hand


class Runs(Protocol):
    """What the lifespan begins and ends."""

    def load_models(self, report: Callable[[str], None]) -> None:
        """Blocks for seconds; `report` is told what is ready. Raises what stands in the way of a start."""

    def background(self) -> Iterable[Coroutine[Any, Any, None]]:
        """What goes on until the process stops."""

    async def close(self) -> None:
        """Leaves nothing unwritten behind."""


class Lifespan:
    """The application for `lifespan` scopes. A failed start says why and stops the server."""

    def __init__(self, make: Callable[[], Runs]):
        self._make = make

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        await receive()
        try:
            runtime = self._make()
            print("Warming the models", flush=True)  # noqa: T201  (the operator is looking at it)
            await asyncio.to_thread(runtime.load_models, lambda line: print(line, flush=True))  # noqa: T201
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        scope.setdefault("state", {})[RUNTIME] = runtime
        # What is loaded by now stays: collecting garbage among it held the loop for a tenth of a second.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        background = [asyncio.create_task(work) for work in runtime.background()]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await _end(background)
        await runtime.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancels tasks, and waits until they have ended: what they use is closed next."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=END_SECS)

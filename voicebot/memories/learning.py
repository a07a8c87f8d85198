"""What a connection learns with, and whom it must not disturb: learning waits while the machine is busy."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from sessions_app.database import database_clock
from sessions_app.memories import Memories, Recollection
from voicebot.memories.recall import Embeds
from voicebot.ops import Busy

BUSY_SHARE = 0.5  # of the machine, above which learning waits
BUSY_SECS, MOST_BUSY_SECS = 1.0, 60.0  # how often it looks again, and for how long


@dataclass(frozen=True)
class Learning:
    """Of what a connection learns with: where it is kept, and whom it must not disturb."""

    memories: Memories
    clock: Callable[[], datetime] = database_clock.carried
    load: Busy | None = None
    embeddings: Embeds | None = None
    sensitive: bool = False  # the house allows matters of the sensitive kinds
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def until_quiet(self, over: asyncio.Event | None = None) -> None:
        """Waits while the machine is busy: voices go first. Not once it is `over`."""
        waited, load = 0.0, self.load
        while load is not None and load.lately > BUSY_SHARE and waited < MOST_BUSY_SECS:
            if over and over.is_set():
                return
            await self.pause(BUSY_SECS)
            waited += BUSY_SECS

    async def vectors_of(self, known: Sequence[Recollection]) -> dict[UUID, bytes]:
        """Vectors of what has none."""
        made: dict[UUID, bytes] = {}
        for memory in known:
            if not memory.vector and self.embeddings is not None:
                await self.until_quiet()
                vector = await asyncio.wrap_future(self.embeddings.of_passage(memory.text))
                made[memory.id] = np.asarray(vector, "<f2").tobytes()
        return made

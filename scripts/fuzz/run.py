"""Sends inputs to all doors, and watches the event loop and the memory meanwhile."""

import asyncio
import gc
import random
import time
from typing import Any

import psutil

from scripts.fuzz.targets import targets

WARM = 0.1  # share of the inputs after which memory counts


class LoopDelay:
    """How late the event loop wakes whoever sleeps on it."""

    def __init__(self) -> None:
        self.late_ms: list[float] = []

    async def watch(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            self.late_ms.append(1000 * (time.perf_counter() - before - 0.01))


async def run(inputs: int, seed: int) -> dict[str, Any]:
    dice = random.Random(seed)  # noqa: S311
    doors = targets(dice)
    gc.collect()
    gc.freeze()  # as the server does: what was imported is not looked through again
    delay = LoopDelay()
    watching = asyncio.create_task(delay.watch())
    process, warm_mb, began = psutil.Process(), 0.0, time.monotonic()
    chosen = [door for door in doors for _ in range(door.share)]
    for number in range(inputs):
        await dice.choice(chosen).once()
        if number % 20 == 0:
            await asyncio.sleep(0)
        if number == int(WARM * inputs):
            warm_mb = process.memory_info().rss / 2**20
    watching.cancel()
    late = sorted(delay.late_ms)
    return {
        "inputs": inputs,
        "seconds": round(time.monotonic() - began),
        **{door.name: {**door.outcomes, "longest ms": round(door.longest_ms, 1)} for door in doors},
        "broke": sum(door.outcomes["broke"] for door in doors),
        "loop delay ms, 99.9 %": round(late[int(len(late) * 0.999)], 1),
        "loop delay ms, most": round(late[-1], 1),
        "memory growth MB": round(process.memory_info().rss / 2**20 - warm_mb, 1),
    }

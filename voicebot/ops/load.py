"""Load: how busy this process is, as measured. A worker that is full says so before it gets slow.

Two things run out: the event loop, which is one thread, and the cores, on which models compute. The share
of each that was in use over the last seconds is the load; what is above `MAX_LOAD` is not given to new
visitors, whatever the count of connections.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from prometheus_client import Gauge, Histogram

from voicebot.ops.machine import cores

WAKE_SECS = 0.1
SMOOTH_SECS = 8.0  # over which load is averaged: a reply of local models takes all cores for two
LATELY_SECS = 2.0  # over which it is for what is decided packet by packet
BATCHING_SHARE = (
    0.3  # a share up to which everything is done at once; above, some things wait to be done together
)
CORES = cores()  # that this process gets, of however many there are
DELAY_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)

load_share = Gauge("greenroom_load", "Share of the event loop or of the cores in use, whichever is higher.")
loop_delay_secs = Histogram(
    "greenroom_loop_delay_seconds", "How late the event loop woke a task.", buckets=DELAY_BUCKETS
)
loop_stall_secs = Histogram(
    "greenroom_loop_stall_seconds",
    "The part of that in which something held the loop, not in which others had its core.",
    buckets=DELAY_BUCKETS,
)


def _waited_for_core() -> float:
    """Seconds in which this thread was ready to run and others ran; 0 where the system does not tell."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    return 0.0


class Busy(Protocol):
    """What whoever gives way to others knows of the load."""

    @property
    def lately(self) -> float:
        """The share of the machine that was in use in the last seconds."""


class Load:
    """Watches the event loop on which `watch` runs. The clocks are injected by tests."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        loop_time: Callable[[], float] = time.thread_time,
        process_time: Callable[[], float] = time.process_time,
    ):
        self._clock, self._loop_time, self._process_time = clock, loop_time, process_time
        self.share = self.lately = 0.0
        self._last: tuple[float, float, float] | None = None

    def measure(self) -> None:
        """Takes the time since the last call into account. Called on the event loop's thread."""
        now = self._clock(), self._loop_time(), self._process_time()
        last, self._last = self._last, now
        if last is None or now[0] <= last[0]:
            return
        passed, on_loop, in_all = (new - old for new, old in zip(now, last, strict=True))
        share = max(on_loop / passed, in_all / passed / CORES)
        self.share += (share - self.share) * min(1.0, passed / SMOOTH_SECS)
        self.lately += (share - self.lately) * min(1.0, passed / LATELY_SECS)
        load_share.set(self.share)

    async def watch(self) -> None:
        """Measures until it is cancelled."""
        while True:
            due, waited = self._clock() + WAKE_SECS, _waited_for_core()
            await asyncio.sleep(WAKE_SECS)
            late = max(0.0, self._clock() - due)
            loop_delay_secs.observe(late)
            loop_stall_secs.observe(max(0.0, late - (_waited_for_core() - waited)))
            self.measure()

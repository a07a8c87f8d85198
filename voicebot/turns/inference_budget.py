"""How long a pause waits before Smart Turn is asked, by what all inferences cost.

An inference takes 20 to 90 ms of a core, more than all else in a turn. Most pauses of 0.2 s are over at 0.35:
where inferences and all else would take most of the machine, waiting first makes half of them unnecessary,
and everybody is answered sooner than in the queue that would form. Where they do not, each is done at once.
"""

import math
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from voicebot.ops import CORES, Load
from voicebot.turns.guesses import Guesses

DELAY_SECS = 0.15
OVER_SECS = 3.0  # over which pauses are counted
FIRST_GUESS_SECS = 0.04  # of an inference, until one was measured
IDLE_SHARE, BUSY_SHARE = (
    0.5,
    0.8,
)  # share of the machine in use if Smart Turn were asked at every pause at once
NICE = 10  # of the thread that infers: on a busy core the event loop comes first, and every voice with it
FEW, MANY = 0.05, 0.25  # share of a core; few inferences have no part in it if the machine is busy


def between(value: float, low: float, high: float) -> float:
    """Where a value lies from `low` (0) to `high` (1)."""
    return min(1.0, max(0.0, (value - low) / (high - low)))


class Rate:
    """A sum over the last seconds in which older parts count less, for each second."""

    def __init__(self, over_secs: float, clock: Callable[[], float]):
        self._over_secs, self._clock = over_secs, clock
        self._sum, self._at = 0.0, clock()

    def add(self, amount: float) -> None:
        self._sum = self.per_sec * self._over_secs + amount

    @property
    def per_sec(self) -> float:
        now = self._clock()
        self._sum *= math.exp((self._at - now) / self._over_secs)
        self._at = now
        return self._sum / self._over_secs


def _step_back() -> None:
    """Lowers the priority of the thread that calls it. Linux has one for each thread, others have not."""
    if hasattr(os, "setpriority"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


class InferenceBudget:
    """All pauses, inferences and guesses of this process, and the `thread` that infers, one for everybody.

    The clock, in seconds, is injected by tests.
    """

    def __init__(self, load: Load, clock: Callable[[], float] = time.monotonic):
        self._load = load
        self.guesses = Guesses(load)
        self._pauses, self._spent = Rate(OVER_SECS, clock), Rate(OVER_SECS, clock)
        self._inference_secs = FIRST_GUESS_SECS
        self.thread = ThreadPoolExecutor(1, "turn", initializer=_step_back)  # 20 to 90 ms a call

    def note_pause(self) -> None:
        """Somebody has paused, whether Smart Turn will be asked or not."""
        self._pauses.add(1)

    def note_inference(self, secs: float) -> None:
        """An inference has taken so much of a core."""
        self._spent.add(secs)
        self._inference_secs += (secs - self._inference_secs) / 10

    @property
    def endpointing_delay_secs(self) -> float:
        """How long a pause may wait now."""
        wanted = self._pauses.per_sec * self._inference_secs
        busy = self._load.lately + (wanted - self._spent.per_sec) / CORES
        # One thread infers, on however many cores.
        return DELAY_SECS * between(max(busy, wanted), IDLE_SHARE, BUSY_SHARE) * between(wanted, FEW, MANY)

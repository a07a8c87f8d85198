"""A door of the server's, and what came of what was sent to it."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Target:
    """A door: what is made for it, what takes it, and which errors are an answer."""

    name: str
    make: Callable[[], Any]
    take: Callable[[Any], Any]
    answers: tuple[type[Exception], ...]
    share: int  # of a thousand inputs
    beside_the_loop: bool = False
    outcomes: Counter[str] = field(default_factory=Counter)
    longest_ms: float = 0.0

    async def once(self) -> None:
        given = self.make()
        began = self._now()
        try:
            if self.beside_the_loop:
                await asyncio.to_thread(self.take, given)
            else:
                self.take(given)
            self.outcomes["taken"] += 1
        except self.answers:
            self.outcomes["refused"] += 1
        except Exception as error:
            self.outcomes["broke"] += 1
            if self.outcomes["broke"] <= 3:
                print(f"{self.name}: {type(error).__name__}: {ascii(given)[:300]}", file=sys.stderr)
        self.longest_ms = max(self.longest_ms, 1000 * (self._now() - began))

    def _now(self) -> float:
        """The time of this thread, where the work is done in it: others on the machine do not count."""
        return time.perf_counter() if self.beside_the_loop else time.thread_time()

"""One thread for a model, and who is served next: whoever needs it soonest.

Whoever waits for the first words of a reply goes before whoever still hears the sentence before. A model that
is busy slows down those who need it and nobody else.
"""

import itertools
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import PriorityQueue
from typing import ParamSpec, TypeVar

from voicebot import metrics

P = ParamSpec("P")
R = TypeVar("R")


class Pool:
    """Runs one piece of work at a time, the most urgent first."""

    def __init__(self, name: str):
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._waiting: PriorityQueue[tuple[float, int, Future, Callable[[], object]]] = PriorityQueue()
        metrics.watch_queue(name, self._waiting.qsize)
        self._numbers = itertools.count()  # of two that are as urgent, the first that came

    def submit(self, due: float, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Queues `work`, whose result is needed at `due` (monotonic seconds).

        Cancelling the future takes it out of the queue, unless it has begun.
        """
        future: Future[R] = Future()
        self._waiting.put((due, next(self._numbers), future, lambda: work(*args, **kwargs)))
        self._thread.submit(self._run_most_urgent)
        return future

    def now(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """As `submit`, for somebody who is waiting already."""
        return self.submit(time.monotonic(), work, *args, **kwargs)

    def _run_most_urgent(self) -> None:
        _, _, future, work = self._waiting.get_nowait()  # there is one: a call is made for each
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

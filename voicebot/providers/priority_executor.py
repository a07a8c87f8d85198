"""Priority executor: one thread for a model, which serves whoever needs it soonest, visitors in turn.

Whoever waits for the first words of a reply goes before whoever still hears the sentence before. A model that
is busy slows down those who need it and nobody else.
"""

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import PriorityQueue
from typing import Any, ParamSpec, TypeVar

from voicebot.ops import metrics

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(order=True)
class _Job:
    due: float  # monotonic seconds
    number: int  # of two that are as urgent, the first that came
    future: Future = field(compare=False)
    work: Callable[[], object] = field(compare=False)
    owner: Hashable = field(compare=False)


class Pool:
    """Runs one piece of work at a time, the most urgent first.

    Work of one owner is done in its order and takes turns with everybody else's: whoever has brought much at
    once waits behind all who came before each next piece of theirs.
    """

    def __init__(self, name: str):
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._waiting: PriorityQueue[_Job] = PriorityQueue()
        self._behind: dict[Hashable, deque[_Job]] = {}  # of each owner with work under way, the rest of it
        self._lock = threading.Lock()
        metrics.watch_queue(name, self._waiting.qsize)
        self._numbers = itertools.count()

    def submit(self, due: float, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Queues `work`, whose result is needed at `due` (monotonic seconds).

        Cancelling the future takes it out of the queue, unless it has begun.
        """
        return self._queue(due, None, lambda: work(*args, **kwargs))

    def now(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """As `submit`, for somebody who is waiting already."""
        return self.submit(time.monotonic(), work, *args, **kwargs)

    def submit_for(self, owner: Hashable, due: float, work: Callable[[], R]) -> Future[R]:
        """As `submit`, in turn with others: of one owner's work only the first is in the queue."""
        return self._queue(due, owner, work)

    def _queue(self, due: float, owner: Hashable, work: Callable[[], Any]) -> Future[Any]:
        job = _Job(due, next(self._numbers), Future(), work, owner)
        with self._lock:
            if owner is not None and owner in self._behind:
                self._behind[owner].append(job)
                return job.future
            if owner is not None:
                self._behind[owner] = deque()
        self._offer(job)
        return job.future

    def _offer(self, job: _Job) -> None:
        self._waiting.put(job)
        self._thread.submit(self._run_most_urgent)

    def _run_most_urgent(self) -> None:
        job = self._waiting.get_nowait()  # there is one: a call is made for each
        try:
            if job.future.set_running_or_notify_cancel():
                self._run(job)
        finally:
            self._let_next(job.owner)

    def _run(self, job: _Job) -> None:
        try:
            job.future.set_result(job.work())
        except BaseException as error:
            job.future.set_exception(error)

    def _let_next(self, owner: Hashable) -> None:
        """The owner's next piece joins the queue behind whoever is waiting."""
        with self._lock:
            behind = self._behind.get(owner)
            while behind and behind[0].future.cancelled():
                behind.popleft().future.set_running_or_notify_cancel()
            if not behind:
                self._behind.pop(owner, None)
                return
            job = behind.popleft()
        job.due = max(job.due, time.monotonic())
        self._offer(job)

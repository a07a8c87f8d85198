"""Memories for coroutines: each method as on `SyncMemories`, run in a database thread."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sessions_app.database import database_clock, in_database
from sessions_app.memories.keeping import SyncMemories

P = ParamSpec("P")
R = TypeVar("R")


def _off_loop(
    method: Callable[Concatenate[SyncMemories, P], R],
) -> Callable[Concatenate["Memories", P], Coroutine[Any, Any, R]]:
    @wraps(method)
    async def call(self: "Memories", *args: P.args, **kwargs: P.kwargs) -> R:
        work: Callable[P, R] = getattr(self.sync, method.__name__)
        return await in_database(work, *args, **kwargs)

    return call


class Memories:
    """What characters remember of visitors."""

    def __init__(self, clock: Callable[[], datetime] = database_clock):
        self.sync = SyncMemories(clock)

    known = _off_loop(SyncMemories.known)
    all_known = _off_loop(SyncMemories.all_known)
    set_consent = _off_loop(SyncMemories.set_consent)
    note_asked = _off_loop(SyncMemories.note_asked)
    add = _off_loop(SyncMemories.add)
    keep_vectors = _off_loop(SyncMemories.keep_vectors)
    note_used = _off_loop(SyncMemories.note_used)
    correct = _off_loop(SyncMemories.correct)
    forget = _off_loop(SyncMemories.forget)
    forget_some = _off_loop(SyncMemories.forget_some)
    forget_session = _off_loop(SyncMemories.forget_session)
    forget_all = _off_loop(SyncMemories.forget_all)

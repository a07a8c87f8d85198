"""Session manager: the one way to make, read, change, end and forget sessions, out of four parts.

`SyncSessionManager` serves commands and the admin. `SessionManager` is its async face: the same methods, each
made from the one that it runs in a database thread. Whoever needs one part alone makes that part.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sessions_app.database import database_clock, in_database
from sessions_app.manager.history import SessionHistory
from sessions_app.manager.lifecycle import SessionLifecycle
from sessions_app.manager.opening import SessionOpening
from sessions_app.manager.reader import Clock, SessionReader
from sessions_app.stores import Store

P = ParamSpec("P")
R = TypeVar("R")


def part(
    name: str, method: Callable[Concatenate[Any, P], R]
) -> Callable[Concatenate["SyncSessionManager", P], R]:
    """A method of the manager that calls `method` of its part `name`."""

    @wraps(method)
    def call(self: "SyncSessionManager", *args: P.args, **kwargs: P.kwargs) -> R:
        result: R = getattr(getattr(self, name), method.__name__)(*args, **kwargs)
        return result

    return call


def off_loop(
    method: Callable[Concatenate["SyncSessionManager", P], R],
) -> Callable[Concatenate["SessionManager", P], Coroutine[Any, Any, R]]:
    """A coroutine method that runs the synchronous `method` in a database thread."""

    @wraps(method)
    async def call(self: "SessionManager", *args: P.args, **kwargs: P.kwargs) -> R:
        work: Callable[P, R] = getattr(self.sync, method.__name__)
        return await in_database(work, *args, **kwargs)

    return call


class SyncSessionManager:
    """Sessions for synchronous code."""

    def __init__(self, store: Store | None = None, clock: Clock = database_clock):
        self.reader = SessionReader(store, clock)
        self.lifecycle = SessionLifecycle(self.reader)
        self.opening = SessionOpening(self.reader, self.lifecycle)
        self.history = SessionHistory(self.reader)

    @property
    def store(self) -> Store:
        return self.reader.store

    @property
    def clock(self) -> Clock:
        return self.reader.clock

    get = part("reader", SessionReader.get)
    record = part("reader", SessionReader.record)
    owned = part("reader", SessionReader.owned)
    of_visitor = part("reader", SessionReader.of_visitor)
    sealer = part("reader", SessionReader.sealer)
    count_turns = part("reader", SessionReader.count_turns)

    create = part("opening", SessionOpening.create)
    resume = part("opening", SessionOpening.resume)
    open = part("opening", SessionOpening.open)
    check = part("opening", SessionOpening.check)

    update = part("lifecycle", SessionLifecycle.update)
    save = part("lifecycle", SessionLifecycle.save)
    annotate = part("lifecycle", SessionLifecycle.annotate)
    switch = part("lifecycle", SessionLifecycle.switch)
    extend = part("lifecycle", SessionLifecycle.extend)
    touch = part("lifecycle", SessionLifecycle.touch)
    disconnect = part("lifecycle", SessionLifecycle.disconnect)
    end = part("lifecycle", SessionLifecycle.end)
    end_visitor = part("lifecycle", SessionLifecycle.end_visitor)

    turns = part("history", SessionHistory.turns)
    past = part("history", SessionHistory.past)
    keep_summary = part("history", SessionHistory.keep_summary)
    carry_over = part("history", SessionHistory.carry_over)
    append = part("history", SessionHistory.append)
    append_sealed = part("history", SessionHistory.append_sealed)
    count = part("history", SessionHistory.count)
    erase = part("history", SessionHistory.erase)
    erase_visitor = part("history", SessionHistory.erase_visitor)
    erase_again = part("history", SessionHistory.erase_again)
    purge = part("history", SessionHistory.purge)
    due = part("history", SessionHistory.due)
    rotate = part("history", SessionHistory.rotate)


class SessionManager:
    """Sessions for async code: each method as on `SyncSessionManager`, run in a database thread."""

    def __init__(self, store: Store | None = None, clock: Clock = database_clock):
        self.sync = SyncSessionManager(store, clock)

    get = off_loop(SyncSessionManager.get)
    owned = off_loop(SyncSessionManager.owned)
    of_visitor = off_loop(SyncSessionManager.of_visitor)
    sealer = off_loop(SyncSessionManager.sealer)
    count_turns = off_loop(SyncSessionManager.count_turns)

    create = off_loop(SyncSessionManager.create)
    resume = off_loop(SyncSessionManager.resume)
    open = off_loop(SyncSessionManager.open)
    check = off_loop(SyncSessionManager.check)

    update = off_loop(SyncSessionManager.update)
    save = off_loop(SyncSessionManager.save)
    annotate = off_loop(SyncSessionManager.annotate)
    switch = off_loop(SyncSessionManager.switch)
    touch = off_loop(SyncSessionManager.touch)
    disconnect = off_loop(SyncSessionManager.disconnect)
    end = off_loop(SyncSessionManager.end)

    turns = off_loop(SyncSessionManager.turns)
    past = off_loop(SyncSessionManager.past)
    keep_summary = off_loop(SyncSessionManager.keep_summary)
    carry_over = off_loop(SyncSessionManager.carry_over)
    append = off_loop(SyncSessionManager.append)
    append_sealed = off_loop(SyncSessionManager.append_sealed)
    count = off_loop(SyncSessionManager.count)
    erase = off_loop(SyncSessionManager.erase)
    erase_visitor = off_loop(SyncSessionManager.erase_visitor)
    purge = off_loop(SyncSessionManager.purge)

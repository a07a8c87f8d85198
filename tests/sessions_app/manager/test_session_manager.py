"""Session manager: one face over its parts, and the same face for coroutines."""

import inspect
import threading

import pytest

from sessions_app.exceptions import SessionNotFound
from sessions_app.manager import (
    SessionHistory,
    SessionLifecycle,
    SessionManager,
    SessionOpening,
    SessionReader,
    SyncSessionManager,
)

PARTS = (SessionReader, SessionOpening, SessionLifecycle, SessionHistory)


def methods(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


def test_each_method_of_the_manager_is_that_of_one_part():
    for name in methods(SyncSessionManager):
        (part,) = [part for part in PARTS if name in methods(part)]
        assert inspect.signature(getattr(SyncSessionManager, name)) == inspect.signature(getattr(part, name))


def test_no_part_inherits_from_another():
    assert {kind.__mro__ for kind in (*PARTS, SyncSessionManager, SessionManager)} == {
        (kind, object) for kind in (*PARTS, SyncSessionManager, SessionManager)
    }


def test_each_coroutine_takes_and_says_what_its_synchronous_method_does():
    for name in methods(SessionManager):
        made, origin = getattr(SessionManager, name), getattr(SyncSessionManager, name)
        assert inspect.iscoroutinefunction(made)
        assert inspect.signature(made) == inspect.signature(origin)
        assert made.__doc__ == origin.__doc__


async def test_a_coroutine_runs_in_a_database_thread(memory, record, clock, monkeypatch):
    manager, threads = SessionManager(memory, clock), []
    load = memory.load

    def noted(*args, **kwargs):
        threads.append(threading.current_thread())
        return load(*args, **kwargs)

    monkeypatch.setattr(memory, "load", noted)
    assert (await manager.get(record.id)).metadata == {"name": "Robin"}
    assert threads[0] is not threading.current_thread()
    assert threads[0].name.startswith("database")
    with pytest.raises(SessionNotFound):
        await manager.get("nonsense")

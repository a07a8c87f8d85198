"""`with_session`: one at a time and in order for a session, together for different ones."""

import asyncio
from functools import partial
from uuid import uuid4

import pytest

from sessions_app.exceptions import SessionEnded, SessionNotFound, TooLarge
from sessions_app.handlers import ClientMessage, with_session
from sessions_app.manager import SessionManager
from sessions_app.stores.memory import MemoryStore
from tests.characters.factory import make_character
from tests.patience import PATIENCE_SECS

pytestmark = pytest.mark.django_db(transaction=True)

MESSAGE = ClientMessage("1", "test", {"x": 1})


@pytest.fixture
def manager(clock):
    make_character()
    return SessionManager(MemoryStore(), clock)


@pytest.fixture
def session(manager):
    return manager.sync.create(character="marlow", visitor="anon:me", metadata={"count": 0})


@pytest.fixture
def handler(manager):
    return partial(with_session, manager=manager)


async def test_a_handler_gets_the_session_and_what_it_changes_is_saved(handler, session, manager, clock):
    @handler
    async def count(session, message):
        session.metadata["count"] += message.data["x"]
        return session.metadata["count"]

    clock.forward(hours=1)
    assert await count(session.id, MESSAGE) == 1
    assert await count(str(session.id), MESSAGE) == 2
    again = await manager.get(session.id)
    assert again.metadata == {"count": 2}
    assert again.active_at == clock.now, "its life was extended"


async def test_handlers_of_one_session_run_one_at_a_time_and_in_order(handler, session, manager):
    running, order = [], []

    @handler
    async def slow(session, message):
        running.append(message.id)
        assert len(running) == 1
        await asyncio.sleep(0)
        order.append(message.id)
        session.metadata["count"] += 1
        running.remove(message.id)

    await asyncio.gather(*(slow(session.id, ClientMessage(str(i), "t", None)) for i in range(20)))
    assert order == [str(i) for i in range(20)]
    assert (await manager.get(session.id)).metadata == {"count": 20}


async def test_handlers_of_different_sessions_run_together(handler, session, manager):
    other = await manager.create(character="marlow", visitor="anon:else")
    both = asyncio.Barrier(2)

    @handler
    async def meet(session, message):
        async with asyncio.timeout(PATIENCE_SECS):
            await both.wait()
        return True

    assert await asyncio.gather(meet(session.id, MESSAGE), meet(other.id, MESSAGE)) == [True, True]


async def test_a_handler_that_raises_changes_nothing(handler, session, manager):
    @handler
    async def fail(session, message):
        session.metadata["count"] = 99
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await fail(session.id, MESSAGE)
    assert (await manager.get(session.id)).metadata == {"count": 0}


async def test_what_cannot_be_kept_is_refused(handler, session, manager):
    @handler
    async def hoard(session, message):
        session.metadata["hoard"] = "x" * 20_000

    with pytest.raises(TooLarge):
        await hoard(session.id, MESSAGE)
    assert (await manager.get(session.id)).metadata == {"count": 0}


async def test_a_session_that_is_over_or_unknown_is_refused(handler, session, manager):
    @handler
    async def never(session, message):
        pytest.fail("it was called")

    with pytest.raises(SessionNotFound):
        await never(uuid4(), MESSAGE)
    await manager.end(session.id, "visitor")
    with pytest.raises(SessionEnded):
        await never(session.id, MESSAGE)


async def test_what_somebody_else_changes_meanwhile_is_not_overwritten(handler, session, manager):
    """The visitor's page names the conversation while a handler of another connection runs."""

    @handler
    async def slow(session, message):
        await manager.annotate(session.id, {"title": "The kraken", "list": [1], "old": None})
        session.metadata["count"] += 1
        session.metadata["nested"] = {"mine": 1}

    await manager.update(session.id, metadata={"old": 1, "kept": {"a": 1}})
    await slow(session.id, MESSAGE)
    assert (await manager.get(session.id)).metadata == {
        "count": 1,
        "title": "The kraken",
        "list": [1],
        "kept": {"a": 1},
        "nested": {"mine": 1},
    }

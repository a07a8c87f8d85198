"""Admission: what a connection takes on its way in is given back, however far it came and whoever waited."""

import asyncio
import threading
from uuid import uuid4

import pytest

from sessions_app.exceptions import SessionNotFound
from sessions_app.manager import SessionManager
from sessions_app.models import VoiceSession
from tests.characters.factory import make_character
from voicebot import runtime
from voicebot.connection import rate_limits
from voicebot.connection.admission import Admission, entry_of_socket

pytestmark = pytest.mark.django_db(transaction=True)

MINE = "anon:me"


@pytest.fixture
def manager():
    make_character()
    return SessionManager()


@pytest.fixture
async def session(manager):
    return await manager.create(character="marlow", visitor=MINE)


def door(session) -> Admission:
    scope = {
        "headers": [(b"host", b"testserver")],
        "client": ("1.2.3.4", 1),
        "query_string": f"token={session.token}".encode(),
        "url_route": {"kwargs": {"session_id": session.id}},
    }
    return Admission(entry_of_socket(scope), uuid4(), runtime.default().capacity, runtime.default().counts)


async def row(session) -> VoiceSession:
    return await VoiceSession.objects.aget(pk=session.id)


async def test_who_leaves_gives_back_seat_and_place(manager, session):
    before = runtime.default().admitted_connections
    entered = door(session)
    await entered.admit(manager)
    assert runtime.default().admitted_connections == before + 1
    for _ in range(2):
        await entered.release(1.0)
    assert runtime.default().admitted_connections == before
    assert not runtime.default().counts.leases._until


async def test_a_time_out_in_the_middle_of_opening_leaves_no_session_behind(manager, session, monkeypatch):
    """The await ends, the thread goes on: it takes the session when nobody waits for it any more."""
    opening, go_on = threading.Event(), threading.Event()
    real_open, real_disconnect, undone = manager.sync.open, manager.sync.disconnect, threading.Event()

    def slow_open(*args):
        opening.set()
        assert go_on.wait(10)
        return real_open(*args)

    def disconnect(*args, **more):
        real_disconnect(*args, **more)
        undone.set()

    monkeypatch.setattr(manager.sync, "open", slow_open)
    monkeypatch.setattr(manager.sync, "disconnect", disconnect)
    late = door(session)
    entering = asyncio.create_task(late.admit(manager))
    await asyncio.to_thread(opening.wait, 10)
    entering.cancel()
    assert late.close() is None
    await late.release(0.1)
    go_on.set()
    assert await asyncio.to_thread(undone.wait, 10)
    after = await row(session)
    assert (after.state, after.connection) == ("idle", None)
    assert not runtime.default().counts.leases._until


async def test_a_thread_that_finished_just_in_time_is_undone_by_who_leaves(manager, session):
    entered = door(session)
    await entered.admit(manager)
    assert entered.close() == session.id
    await entered.release(0.0)


async def test_who_has_used_up_the_day_does_not_come_in_again(manager, session, settings):
    settings.MAX_MINUTES_PER_DAY = 1
    first = door(session)
    await first.admit(manager)
    await first.heartbeat(manager, session, 19.9)
    await first.release(59.0)
    rate_limits.check_day(runtime.default().counts, MINE)
    again = door(session)
    await again.admit(manager)
    await again.release(1.5)  # as short as it was, it counts
    refused = door(session)
    with pytest.raises(rate_limits.DayUsedUp):
        await refused.admit(manager)
    await refused.release(0.0)
    assert not runtime.default().counts.leases._until


async def test_who_has_used_up_the_day_is_told_so_at_the_start(manager, settings, async_client):
    settings.MAX_MINUTES_PER_DAY = 1
    body = {"body": {"character": "marlow"}}
    first = await async_client.post("/api/start", body, content_type="application/json")
    assert first.status_code == 200
    visitor = (await VoiceSession.objects.aget()).visitor
    rate_limits.charge_talk(runtime.default().counts, visitor, 60)
    second = await async_client.post("/api/start", body, content_type="application/json")
    assert second.status_code == 429
    assert second.json()["error"]["code"] == "day_used_up"


async def test_nobody_comes_in_by_a_door_that_is_closed(manager, session):
    closed = door(session)
    closed.close()
    with pytest.raises(SessionNotFound):
        await closed.admit(manager)
    await closed.release(0.0)
    assert not runtime.default().counts.leases._until

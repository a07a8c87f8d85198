"""What is one per process: made by the lifespan, found by the scope, and as many side by side as are made."""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from asgiref.testing import ApplicationCommunicator
from django.test import AsyncRequestFactory, RequestFactory

from sessions_app.database import in_database
from sessions_app.exceptions import Draining
from sessions_app.manager import SessionManager
from tests.characters.factory import make_character
from voicebot import runtime
from voicebot.connection.consumer import VoiceConsumer
from voicebot.http import probes
from voicebot.ops import RUNTIME
from voicebot.ops.serving.lifespan import Lifespan
from voicebot.ops.serving.server import DrainingServer, make_server
from voicebot.runtime import Runtime


@pytest.fixture
async def two(tmp_path):
    made = Runtime(tmp_path / "one"), Runtime(tmp_path / "other")
    yield made
    for each in made:
        await each.recorded.close()
        each.spool.close()


def scope_of(session: Any, of: Runtime) -> dict[str, Any]:
    return {
        "type": "websocket",
        "headers": [(b"host", b"testserver")],
        "query_string": f"token={session.token}".encode(),
        "url_route": {"kwargs": {"session_id": session.id}},
        "state": {RUNTIME: of},
    }


@pytest.mark.django_db(transaction=True)
async def test_two_side_by_side_know_nothing_of_each_other(two):
    """A connection of one, while the other is drained; seats, live connections and the spool are apart."""
    one, other = two
    await in_database(make_character)
    session = await SessionManager().create(character="marlow", visitor="anon:me")
    socket = ApplicationCommunicator(VoiceConsumer.as_asgi(), scope_of(session, one))
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output(20))["type"] == "websocket.accept"
    async with asyncio.timeout(20):
        while not one.connections.live:
            await asyncio.sleep(0.01)
    assert (one.admitted_connections, other.admitted_connections, runtime.default().admitted_connections) == (
        1,
        0,
        0,
    )
    await other.connections.drain()
    with pytest.raises(Draining):
        other.capacity.check()
    one.capacity.check()
    assert one.connections.live
    assert not other.connections.live
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait(20)
    assert one.admitted_connections == 0


def test_what_one_counts_and_remembers_is_its_own(two):
    one, other = two
    lease = one.counts.lease("x", "a")
    assert lease.take(1)
    assert not one.counts.lease("x", "b").take(1)
    assert other.counts.lease("x", "b").take(1)
    one.spool.keep(uuid4(), SimpleNamespace())  # type: ignore[arg-type]
    assert one.spool.spool is not other.spool.spool
    one.inference_budget.note_pause()
    assert one.inference_budget._load is one.load
    assert one.inference_budget is not other.inference_budget


@pytest.mark.django_db(transaction=True)
async def test_a_view_answers_for_the_process_that_serves_it(two):
    one, other = two
    one.capacity.taken = 3
    for process, seats in ((one, "3"), (other, "0")):
        request = AsyncRequestFactory().get("/readyz", REMOTE_ADDR="127.0.0.1")
        request.scope["state"] = {RUNTIME: process}
        assert (await probes.readyz(request)).headers["X-Seats-Taken"] == seats


@pytest.mark.django_db(transaction=True)
async def test_metrics_are_of_the_process_that_is_asked(two):
    one, other = two
    one.capacity.taken = 3
    for process, seats in ((one, "3.0"), (other, "0.0"), (one, "3.0")):
        request = AsyncRequestFactory().get("/metrics", REMOTE_ADDR="127.0.0.1")
        request.scope["state"] = {RUNTIME: process}
        page = (await probes.metrics_page(request)).content.decode()
        assert f"\ngreenroom_connections {seats}\n" in page


async def test_what_one_records_and_how_it_renders_is_its_own(two):
    one, other = two
    assert one.open_connections.take("192.0.2.1")
    assert not other.open_connections._open
    names = {await process.prompt_threads.run(threading.get_ident) for process in two}
    names |= {process.inference_budget.thread.submit(threading.get_ident).result() for process in two}
    assert len(names) == 4, "no thread of one works for the other"
    one.recorded.tasks["a voice"] = asyncio.create_task(asyncio.sleep(0))
    assert not other.recorded.tasks
    await one.recorded.tasks["a voice"]


def test_whoever_has_no_scope_gets_the_process_own():
    assert runtime.of_request(RequestFactory().get("/")) is runtime.default()
    assert runtime.of_scope({"type": "http"}) is runtime.default()


class Started:
    """Stands for a runtime: what it does is noted."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.connections = SimpleNamespace(drain=self.drain)

    def load_models(self, report: Any) -> None:
        self.notes.append("models")

    def background(self) -> list[Any]:
        return [self._work()]

    async def _work(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(3):  # it has something to put away
                await asyncio.sleep(0)
            self.notes.append("ended")

    async def close(self) -> None:
        self.notes.append("closed")

    async def drain(self) -> None:
        self.notes.append("drained")


async def test_the_lifespan_makes_it_hands_it_down_and_closes_it():
    made: list[Started] = []

    def make() -> Started:
        made.append(Started())
        return made[-1]

    state: dict[str, Any] = {}
    server = ApplicationCommunicator(Lifespan(make), {"type": "lifespan", "state": state})
    assert not made, "nothing is made at import"
    await server.send_input({"type": "lifespan.startup"})
    assert (await server.receive_output(5))["type"] == "lifespan.startup.complete"
    assert state[RUNTIME] is made[0]
    await asyncio.sleep(0)
    await server.send_input({"type": "lifespan.shutdown"})
    assert (await server.receive_output(5))["type"] == "lifespan.shutdown.complete"
    await server.wait()
    assert made[0].notes == ["models", "ended", "closed"], "what it uses is closed when its work has ended"


async def test_the_server_drains_what_the_lifespan_made():
    server = make_server("127.0.0.1", 0)
    assert isinstance(server, DrainingServer)
    one = Started()
    server.lifespan = SimpleNamespace(state={RUNTIME: one}, shutdown=one.close)
    server.servers = []
    await server.shutdown()
    assert one.notes == ["drained", "closed"]

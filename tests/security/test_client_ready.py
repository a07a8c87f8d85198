"""A socket that is opened, and whose client never says that it is ready, gives its seat back (H6)."""

import asyncio

import numpy as np
import pytest
from asgiref.testing import ApplicationCommunicator

from sessions_app.database.threads import in_database
from sessions_app.models import VoiceSession
from tests.characters.factory import make_character
from tests.patience import PATIENCE_SECS
from tests.visitors import Visitor, audio_message, rtvi_message, speech
from voicebot import runtime
from voicebot.connection.consumer import VoiceConsumer
from voicebot.connection.timeouts.ready_timeout import ReadyTimeout

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("recordings_end")]


class Alarm:
    """Stands in for time that passes: whoever sleeps wakes when it rings."""

    def __init__(self) -> None:
        self.secs: list[float] = []
        self._rings = asyncio.Event()

    async def sleep(self, secs: float) -> None:
        self.secs.append(secs)
        await self._rings.wait()

    async def ring(self) -> None:
        async with asyncio.timeout(PATIENCE_SECS):
            while not self.secs:
                await asyncio.sleep(0.01)
        self._rings.set()
        await asyncio.sleep(0.1)


@pytest.fixture
async def alarm(monkeypatch) -> Alarm:
    made = Alarm()
    monkeypatch.setattr(ReadyTimeout, "sleep", made.sleep)
    return made


@pytest.fixture
async def session():
    await in_database(make_character)
    return await VoiceConsumer.manager.create(character="marlow", visitor="anon:me")


async def connected(session) -> ApplicationCommunicator:
    scope = {
        "type": "websocket",
        "headers": [(b"host", b"testserver")],
        "query_string": f"token={session.token}".encode(),
        "url_route": {"kwargs": {"session_id": session.id}},
    }
    socket = ApplicationCommunicator(VoiceConsumer.as_asgi(), scope)
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output(20))["type"] == "websocket.accept"
    return socket


async def say(socket: ApplicationCommunicator, data: bytes) -> None:
    await socket.send_input({"type": "websocket.receive", "bytes": data})


async def code_of(socket: ApplicationCommunicator) -> int:
    """Of the close that comes, after whatever else."""
    async with asyncio.timeout(20):
        while (message := await socket.receive_output(20))["type"] != "websocket.close":
            pass
    return message["code"]


async def leave(socket: ApplicationCommunicator) -> None:
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait(20)


async def test_who_says_nothing_gives_the_seat_back(session, alarm, settings):
    before = runtime.default().admitted_connections
    socket = await connected(session)
    await alarm.ring()
    assert await code_of(socket) == 4408
    await leave(socket)
    assert runtime.default().admitted_connections == before
    assert alarm.secs == [settings.READY_SECS]
    row = await VoiceSession.objects.aget(pk=session.id)
    assert row.state == "idle", "who was merely slow comes back to it"


async def test_silence_and_a_flood_of_pings_are_not_ready(session, alarm):
    socket = await connected(session)
    for _ in range(50):
        await say(socket, audio_message(np.zeros(512)))
    await say(socket, rtvi_message("client-message", {"t": "ping"}))
    await alarm.ring()
    assert await code_of(socket) == 4408
    await leave(socket)


async def test_a_client_that_is_ready_at_the_last_moment_stays(session, alarm):
    socket = await connected(session)
    await say(socket, rtvi_message("client-ready", {"version": "2.2.0"}))
    await asyncio.sleep(0.05)
    await alarm.ring()
    await leave(socket)
    sent = []
    while not socket.output_queue.empty():
        sent.append(socket.output_queue.get_nowait())
    assert not [message for message in sent if message["type"] == "websocket.close"]
    assert sent


async def test_a_client_that_speaks_without_saying_so_stays(session, alarm):
    """Pipecat's WebSocket transport for Python sends sound, and RTVI only if somebody adds it."""
    socket = await connected(session)
    words = speech()
    for start in range(0, len(words) - 512, 512):
        await say(socket, audio_message(words[start : start + 512]))
        await asyncio.sleep(512 / 16_000 / 4)
    await asyncio.sleep(1)
    await alarm.ring()
    await leave(socket)
    sent = [socket.output_queue.get_nowait() for _ in range(socket.output_queue.qsize())]
    assert not [message for message in sent if message["type"] == "websocket.close"]


async def test_one_address_that_fills_the_process_does_not_keep_it(own_server):
    server = await asyncio.to_thread(own_server, READY_SECS="1", MAX_SESSIONS_PER_WORKER="8")
    urls = [(await asyncio.to_thread(server.start_session))[0] for _ in range(6)]
    visitors = [await Visitor(url).__aenter__() for url in urls]
    closes = [await visitor.until_closed() for visitor in visitors]
    assert [code for code, _ in closes] == [4408] * 6
    async with asyncio.timeout(PATIENCE_SECS):
        while (await asyncio.to_thread(server.request, "/readyz")).headers["X-Seats-Taken"] != "0":
            await asyncio.sleep(0.1)

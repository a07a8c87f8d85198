"""A connection from the inside: what it asks of the database, what goes round `dispatch`, what it leaves."""

import asyncio

import numpy as np
import pytest
from asgiref.testing import ApplicationCommunicator
from pipecat.frames.protobufs import frames_pb2

from characters import catalog
from sessions_app.database.threads import in_database
from tests.characters.factory import make_character
from tests.visitors import audio_message, rtvi_message
from voicebot import runtime
from voicebot.connection.consumer import VoiceConsumer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("recordings_end")]


async def send(socket: ApplicationCommunicator, data: bytes) -> None:
    await socket.send_input({"type": "websocket.receive", "bytes": data})


async def until(socket: ApplicationCommunicator, wanted: str) -> None:
    """Receives until a message has `wanted` in it."""
    async with asyncio.timeout(20):
        while True:
            message = await socket.receive_output(20)
            assert message["type"] == "websocket.send", message
            frame = frames_pb2.Frame.FromString(message["bytes"])
            if frame.WhichOneof("frame") == "message" and wanted in frame.message.data:
                return


@pytest.fixture
async def conversation():
    """Goes through a connection from its first message to its last, in this process."""
    await in_database(make_character)
    session = await VoiceConsumer.manager.create(character="marlow", visitor="anon:me")
    scope = {
        "type": "websocket",
        "headers": [(b"host", b"testserver")],
        "query_string": f"token={session.token}".encode(),
        "url_route": {"kwargs": {"session_id": session.id}},
    }

    async def converse() -> None:
        socket = ApplicationCommunicator(VoiceConsumer.as_asgi(), scope)
        await socket.send_input({"type": "websocket.connect"})
        assert (await socket.receive_output(20))["type"] == "websocket.accept"
        await send(socket, rtvi_message("client-ready", {"version": "2.2.0"}))
        await until(socket, '"session"')
        for _ in range(20):
            await send(socket, audio_message(np.zeros(512)))
        await send(socket, rtvi_message("send-text", {"content": "hello"}))
        await until(socket, "scripted reply")
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait(20)

    return converse


async def test_a_warm_connect_and_a_turn_ask_no_database_for_the_character(conversation, monkeypatch):
    loads = []
    real = catalog.load
    monkeypatch.setattr(catalog, "load", lambda slug: loads.append(slug) or real(slug))
    await conversation()
    assert loads == []


async def test_no_message_of_the_clients_passes_through_dispatch(conversation, monkeypatch):
    """Channels' dispatch waits for the one thread that all visitors share, and for any query in it."""
    dispatched = []
    real = VoiceConsumer.dispatch

    async def dispatch(self, message):
        dispatched.append(message["type"])
        await real(self, message)

    monkeypatch.setattr(VoiceConsumer, "dispatch", dispatch)
    await conversation()
    assert "websocket.connect" in dispatched
    assert "websocket.receive" not in dispatched


async def test_a_connection_leaves_no_task_behind(conversation, settings):
    # Redis' own layer keeps a listener for the process.
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    before = asyncio.all_tasks()
    await conversation()
    left = [task for task in asyncio.all_tasks() - before if not task.done()]
    assert left == []
    assert runtime.default().admitted_connections == 0

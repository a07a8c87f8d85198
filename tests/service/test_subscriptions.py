"""The channel layer after its connections have gone, however soon: nothing of them is left."""

import asyncio
import contextlib
import logging
import os
import random
import signal
import uuid

import psutil
import pytest
import redis
from asgiref.testing import ApplicationCommunicator
from channels.layers import get_channel_layer

from config.redis.channel_layer import TolerantChannelLayer
from sessions_app.database.threads import in_database
from tests.characters.factory import make_character
from tests.servers import valkey
from tests.visitors import Visitor, rtvi_message
from tests.workers import free_port
from voicebot.connection import channel_events
from voicebot.connection.consumer import VoiceConsumer

LEFT_SECS = 10  # for a connection to be torn down


async def go_early(url: str, after_secs: float) -> None:
    """Connects, and is gone without a word after so long."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(20):
            visitor = Visitor(url, ping_interval=None, close_timeout=0.1)
            await visitor.__aenter__()
            await visitor.socket.send(rtvi_message("client-ready", {"version": "2.2.0", "about": {}}))
            await asyncio.sleep(after_secs)
            visitor.socket.transport.abort()


async def test_redis_holds_no_subscription_of_connections_that_have_gone(own_server, redis_url):
    server = await asyncio.to_thread(own_server, REDIS_URL=redis_url, MAX_LOAD="100")
    chance = random.Random(4)
    with redis.Redis.from_url(redis_url) as client:
        assert client.pubsub_channels("greenroom*") == []
        for _ in range(6):
            urls = [(await asyncio.to_thread(server.start_session))[0] for _ in range(10)]
            again = [url for url in urls for _ in range(2)]  # a take-over each: the older one is told to go
            await asyncio.gather(*(go_early(url, chance.uniform(0, 0.3)) for url in again))
        async with asyncio.timeout(LEFT_SECS):
            while client.pubsub_channels("greenroom*"):
                await asyncio.sleep(0.2)
    assert psutil.Process(server.pid).is_running()


async def layer_is_empty(layer) -> bool:
    inner = layer._get_layer() if isinstance(layer, TolerantChannelLayer) else layer
    return not inner.channels and not inner.groups


LAYERS = {
    "memory": {"BACKEND": "config.redis.channel_layer.LocalChannelLayer"},
    "redis": {
        "BACKEND": "config.redis.channel_layer.TolerantChannelLayer",
        "CONFIG": {"prefix": "greenroom-test"},
    },
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", LAYERS)
async def test_a_connection_that_ends_at_any_step_leaves_nothing_in_its_layer(kind, settings, redis_url):
    """The disconnect comes so many turns of the event loop after the connect, from at once to let in."""
    layer = dict(LAYERS[kind])
    if kind == "redis":
        layer["CONFIG"] = {"hosts": [redis_url], **layer["CONFIG"]}
    settings.CHANNEL_LAYERS = {"default": layer}
    await in_database(make_character)
    for steps in (*range(0, 60, 3), 200, 500):
        session = await VoiceConsumer.manager.create(character="marlow", visitor=f"anon:{steps}")
        scope = {
            "type": "websocket",
            "headers": [(b"host", b"127.0.0.1")],
            "query_string": f"token={session.token}".encode(),
            "url_route": {"kwargs": {"session_id": session.id}},
        }
        socket = ApplicationCommunicator(VoiceConsumer.as_asgi(), scope)
        await socket.send_input({"type": "websocket.connect"})
        for _ in range(steps):
            await asyncio.sleep(0.001 if steps > 100 else 0)
        await socket.send_input({"type": "websocket.disconnect", "code": 1006})
        await socket.wait(20)
        assert await layer_is_empty(get_channel_layer()), steps
    await get_channel_layer().flush()


async def test_a_frozen_redis_that_takes_a_subscription_is_not_said_to_answer(tmp_path, caplog):
    """A subscription is only sent; the system takes what is sent to a process that stands still."""
    port = free_port()
    with valkey(
        tmp_path / "valkey", port, "--port", str(port), "--bind", "127.0.0.1", "--save", ""
    ) as process:
        layer = TolerantChannelLayer(hosts=[f"redis://127.0.0.1:{port}/0"], prefix="greenroom-frozen")
        channel = await layer.new_channel()
        inner = layer._get_layer()
        shard = inner._get_shard(channel)
        await shard.subscribe(channel)
        os.kill(process.pid, signal.SIGSTOP)
        shard._breaker.failed("frozen")
        shard._breaker._asks_again_at = 0.0  # it has rested
        try:
            assert not await shard._subscribed(inner.prefix + "another")
        finally:
            os.kill(process.pid, signal.SIGCONT)
        assert shard._breaker.away
        assert "answers again" not in caplog.text
        assert await shard._subscribed(inner.prefix + "another") is False, "it rests"
        shard._breaker._asks_again_at = 0.0
        assert await shard._subscribed(inner.prefix + "another")
        assert not shard._breaker.away
        await layer.flush()


@pytest.mark.parametrize("kind", LAYERS)
async def test_a_message_that_nobody_took_keeps_no_channel(kind, settings, redis_url):
    layer = dict(LAYERS[kind])
    if kind == "redis":
        layer["CONFIG"] = {"hosts": [redis_url], **layer["CONFIG"]}
    settings.CHANNEL_LAYERS = {"default": layer}
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("one", channel)
    await layer.group_send("one", {"type": "session.over"})
    await layer.receive(channel)
    await layer.group_send("one", {"type": "session.over"})
    await layer.delete_channel(channel)
    await layer.delete_channel(channel)  # a second time: nothing
    assert await layer_is_empty(layer)
    await layer.flush()


def test_a_redis_that_is_away_is_told_once_however_many_messages_are_for_it(settings, caplog):
    """Synchronous code has an event loop of its own for each message, and so has each layer in it."""
    layer = {"hosts": [f"redis://127.0.0.1:{free_port()}/0"], "prefix": "greenroom-test"}
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": "config.redis.channel_layer.TolerantChannelLayer", "CONFIG": layer}
    }
    with caplog.at_level(logging.WARNING):
        for version in range(5):
            channel_events.on_character_changed("marlow", version, draft=False)
            channel_events.on_sessions_over([uuid.uuid4()])
    assert len([record for record in caplog.records if "does not answer" in record.message]) == 1, caplog.text
    assert len(caplog.records) == 1, caplog.text

"""Conversations with a real server: many at once, and nothing left behind."""

import asyncio
import time

import numpy as np
import psutil
import pytest
import soxr

from tests.servers import Server
from tests.visitors import RATE_HZ, Visitor, audio_message, question, rtvi_message, speech


async def way_in(server: Server, **more) -> str:
    return (await asyncio.to_thread(server.start_session, **more))[0]


async def test_ready_comes_with_the_session_and_a_greeting(server):
    async with Visitor(await way_in(server)) as visitor:
        session = await visitor.get_ready()
        assert set(session) == {"type", "id", "character", "expiresAt", "resumed"}
        assert session["character"]["name"] == "Captain Marlow"
        assert session["resumed"] is False
        assert session["id"] in visitor.url
        assert [m["type"] for m in visitor.messages].index("bot-ready") < [
            m["type"] for m in visitor.messages
        ].index("server-message")
        await visitor.until(lambda: visitor.audible_at)
        await visitor.until(
            lambda: any("Captain Marlow" in m["data"]["text"] for m in visitor.of("bot-output"))
        )


@pytest.mark.parametrize("count", [2, 5, 10])
async def test_all_visitors_at_once_are_answered(server, count):
    """Pipecat issue 1602: with two sessions at once, nothing answered."""

    async def one() -> float:
        async with Visitor(await way_in(server)) as visitor:
            await visitor.get_ready()
            return await visitor.ask()

    latencies = await asyncio.gather(*(one() for _ in range(count)))
    assert len(latencies) == count


async def test_speaking_over_the_character_stops_it_at_once(server):
    async with Visitor(await way_in(server)) as visitor:
        await visitor.get_ready()
        await visitor.until(lambda: visitor.audible_at)
        speaking = asyncio.create_task(visitor.speak(question()))  # half of it would be answered in a pause
        await visitor.until(lambda: visitor.interruptions)
        cut = time.monotonic()
        await asyncio.sleep(0.5)
        late = [at for at in visitor.audible_at if at > cut + 0.1]
        assert not late, "the character went on speaking"
        await speaking


async def test_typed_text_is_answered_aloud(server):
    async with Visitor(await way_in(server)) as visitor:
        await visitor.get_ready()
        await visitor.socket.send(rtvi_message("send-text", {"content": "Hello in writing"}))
        await visitor.until(
            lambda: any("scripted reply" in m["data"]["text"] for m in visitor.of("bot-output"))
        )


async def test_a_client_that_sends_48_khz_in_stereo_is_heard(server):
    pcm = soxr.resample(speech().astype(np.float32), RATE_HZ, 48_000)
    stereo = np.repeat(pcm[:, None], 2, axis=1).reshape(-1)
    async with Visitor(await way_in(server)) as visitor:
        await visitor.get_ready()
        quiet = np.zeros(48_000 * 2 * 3)
        due = time.monotonic()
        both = np.concatenate([stereo, quiet])
        for start in range(0, len(both), 3072):
            await visitor.socket.send(audio_message(both[start : start + 3072], 48_000, 2))
            due += 3072 / 2 / 48_000
            await asyncio.sleep(max(0, due - time.monotonic()))
        await visitor.until(lambda: visitor.of("user-transcription"))


async def test_a_second_connection_with_the_same_token_takes_over(server):
    url = await way_in(server)
    async with Visitor(url) as first:
        await first.get_ready()
        await first.until(lambda: first.of("bot-stopped-speaking"))  # it was greeted
        async with Visitor(url) as second:
            assert (await first.until_closed())[0] == 4409
            # It is the same client as far as we know: it need not say again that it is ready.
            await second.until(lambda: second.server_messages("session"))
            assert second.server_messages("session")[0]["resumed"] is True
            await second.ask()


def open_sockets(server: Server) -> int:
    connections = psutil.Process(server.pid).net_connections()
    return sum(c.status == "ESTABLISHED" and c.laddr.port == server.port for c in connections)


async def test_who_leaves_in_the_middle_leaves_nothing_behind(server):
    async def come_and_go(rude: bool) -> None:
        visitor = Visitor(await way_in(server))
        await visitor.__aenter__()
        await visitor.get_ready()
        await visitor.speak(np.zeros(RATE_HZ // 2, np.int16))
        if rude:
            visitor._ear.cancel()
            visitor.socket.transport.abort()
        else:
            await visitor.__aexit__()

    await asyncio.gather(*(come_and_go(rude) for rude in (True, False) * 6))
    await settled(server)
    assert open_sockets(server) == 0


async def settled(server: Server) -> None:
    """Waits until every connection has been torn down, as the server itself counts them."""
    async with asyncio.timeout(20):
        while (await asyncio.to_thread(server.request, "/readyz")).headers["X-Seats-Taken"] != "0":
            await asyncio.sleep(0.1)


async def test_a_visitor_who_never_speaks_is_let_go_after_a_while(own_server):
    server = await asyncio.to_thread(own_server, SESSION_IDLE_TIMEOUT="3")
    async with Visitor(await way_in(server)) as visitor:
        await visitor.get_ready()
        code, reason = await visitor.until_closed()
        assert (code, bool(reason)) == (4408, True)


async def test_a_full_server_says_so(own_server):
    server = await asyncio.to_thread(own_server, MAX_SESSIONS_PER_WORKER="1")
    urls = [await way_in(server) for _ in range(2)]
    async with Visitor(urls[0]) as first:
        await first.get_ready()
        async with Visitor(urls[1]) as second:
            assert (await second.until_closed())[0] == 4503
        assert (
            await asyncio.to_thread(server.request, "/api/start", {"body": {"character": "x"}})
        ).status == 503
    await settled(server)


async def test_nothing_that_was_said_reaches_the_log(own_server):
    """Pipecat issue 4661: the whole conversation stands in its DEBUG log. Here LOG_LEVEL is DEBUG too."""
    server = await asyncio.to_thread(own_server)
    url, answer = await asyncio.to_thread(server.start_session, metadata={"name": "Zanzibarquince"})
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await visitor.socket.send(rtvi_message("send-text", {"content": "the quandongpeach is ripe"}))
        await visitor.until(
            lambda: any("scripted reply" in m["data"]["text"] for m in visitor.of("bot-output"))
        )
        await visitor.ask()
        await visitor.socket.send(
            rtvi_message("client-message", {"t": "quandongpeach", "d": "quandongpeach"})
        )
        await visitor.socket.send(rtvi_message("quandongpeach", {"x": "quandongpeach"}))
        await visitor.until(lambda: visitor.of("error-response"))
    log = server.words()
    assert "DEBUG pipecat" in log  # it was talkative
    for word in ("quandongpeach", "anzibarquince", "hello there", "scripted reply", answer.json["token"]):
        assert word not in log, word

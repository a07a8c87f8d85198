"""SIGTERM: nobody new, the reply in flight to its end, a word to the visitors, 4503."""

import asyncio
import signal

from tests.visitors import Visitor, rtvi_message


async def test_a_deploy_drops_no_sentence(own_server):
    server = await asyncio.to_thread(own_server)
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        session = (await visitor.get_ready())["id"]
        await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
        await visitor.socket.send(rtvi_message("send-text", {"content": "One more thing."}))
        begun = len(visitor.of("bot-started-speaking"))
        await visitor.until(lambda: len(visitor.of("bot-started-speaking")) > begun)
        server.process.send_signal(signal.SIGTERM)
        await visitor.until(lambda: visitor.server_messages("draining"))
        ready = await asyncio.to_thread(server.request, "/readyz")
        assert (ready.status, ready.body) == (503, b"draining\n")
        refused = await asyncio.to_thread(server.request, "/api/start", {"body": {"character": "ada-quill"}})
        assert refused.status == 503
        stops = len(visitor.of("bot-stopped-speaking"))
        code, _ = await visitor.until_closed(20)
        assert code == 4503
        assert len(visitor.of("bot-stopped-speaking")) > stops, "the sentence was cut off"
    await asyncio.to_thread(server.process.wait, 30)
    exported = await asyncio.to_thread(server.command, "export_session", session)
    assert "One more thing." in exported
    assert "This is a short scripted reply for you" in exported


async def test_draining_is_bounded(own_server):
    server = await asyncio.to_thread(own_server, DRAIN_SECS="1")
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await visitor.until(lambda: visitor.hears_speech)
        server.process.send_signal(signal.SIGTERM)
        assert (await visitor.until_closed(10))[0] == 4503
    await asyncio.to_thread(server.process.wait, 20)

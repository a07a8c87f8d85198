"""SIGTERM: nobody new, the reply in flight to its end, a word to the visitors, 4503."""

import asyncio
import signal

from tests.callers import Caller, way_in
from tests.visitors import Visitor, rtvi_message, speech


async def test_a_deploy_drops_no_sentence(own_server):
    # It speaks longer than a busy machine takes to answer the two requests.
    server = await asyncio.to_thread(
        own_server, LLM_PROVIDER="tests.voicebot.players.TalkativeLLM", DRAIN_SECS="120"
    )
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        session = (await visitor.get_ready())["id"]
        await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
        begun, stops = (len(visitor.of(f"bot-{what}-speaking")) for what in ("started", "stopped"))
        await visitor.socket.send(rtvi_message("send-text", {"content": "One more thing."}))
        await visitor.until(lambda: len(visitor.of("bot-started-speaking")) > begun)
        server.process.send_signal(signal.SIGTERM)
        await visitor.until(lambda: visitor.server_messages("draining"))
        ready = await asyncio.to_thread(server.request, "/readyz")
        assert (ready.status, ready.body) == (503, b"draining\n")
        refused = await asyncio.to_thread(server.request, "/api/start", {"body": {"character": "ada-quill"}})
        assert refused.status == 503
        code, _ = await visitor.until_closed()
        assert code == 4503
        assert len(visitor.of("bot-stopped-speaking")) > stops, "the sentence was cut off"
    await asyncio.to_thread(server.process.wait, 30)
    exported = await asyncio.to_thread(server.command, "export_session", session)
    assert "One more thing." in exported
    assert "Firstly." in exported
    assert "Lastly." in exported


async def test_a_deploy_drops_no_sentence_of_a_call(own_server):
    server = await asyncio.to_thread(own_server)
    way, _ = await asyncio.to_thread(way_in, server)
    async with Caller(server, way) as caller:
        session = (await caller.get_ready())["id"]
        await caller.until(lambda: caller.of("bot-stopped-speaking"))
        await caller.send("send-text", {"content": "One more thing."})
        begun = len(caller.of("bot-started-speaking"))
        await caller.until(lambda: len(caller.of("bot-started-speaking")) > begun)
        server.process.send_signal(signal.SIGTERM)
        await caller.until(lambda: caller.server_messages("draining"))
        offer = await caller.ask(await Caller(server, way).offer())
        assert offer.status == 503, "nobody new"
        stops = len(caller.of("bot-stopped-speaking"))
        assert (await caller.until_closed())[0] == 4503
        assert len(caller.of("bot-stopped-speaking")) > stops, "the sentence was cut off"
    await asyncio.to_thread(server.process.wait, 30)
    exported = await asyncio.to_thread(server.command, "export_session", session)
    assert "One more thing." in exported
    assert "This is a short scripted reply for you" in exported


async def test_a_deploy_waits_for_an_answer_and_for_a_sentence_of_the_visitors(own_server):
    server = await asyncio.to_thread(
        own_server, LLM_PROVIDER="tests.voicebot.players.SlowLLM", DRAIN_SECS="120"
    )
    urls = [(await asyncio.to_thread(server.start_session))[0] for _ in range(2)]
    async with Visitor(urls[0]) as typing, Visitor(urls[1]) as talking:
        for visitor in (typing, talking):
            await visitor.get_ready()
            await visitor.until(lambda v=visitor: v.of("bot-stopped-speaking"))
        speaking = asyncio.create_task(talking.speak(silence_secs=15))
        await talking.until(lambda: talking.of("user-started-speaking"))
        await typing.socket.send(rtvi_message("send-text", {"content": "One more thing."}))
        await typing.until(lambda: typing.of("bot-llm-started"))
        server.process.send_signal(signal.SIGTERM)
        for visitor in (typing, talking):
            assert await visitor.until_closed() == (4503, "The server restarts. Come back in a moment.")
            assert len(visitor.of("bot-stopped-speaking")) == 2, "the answer was not heard"
        speaking.cancel()


async def test_a_deploy_waits_for_nobody_who_is_silent_or_has_coughed(own_server):
    server = await asyncio.to_thread(
        own_server, STT_PROVIDER="tests.voicebot.players.DeafSTT", DRAIN_SECS="600"
    )
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
        await visitor.speak(speech()[:8000], silence_secs=1)
        await visitor.until(lambda: visitor.of("user-stopped-speaking"))
        server.process.send_signal(signal.SIGTERM)
        assert (await visitor.until_closed())[0] == 4503


async def test_draining_is_bounded(own_server):
    server = await asyncio.to_thread(own_server, DRAIN_SECS="1")
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await visitor.until(lambda: visitor.hears_speech)
        server.process.send_signal(signal.SIGTERM)
        assert (await visitor.until_closed())[0] == 4503
    await asyncio.to_thread(server.process.wait, 20)

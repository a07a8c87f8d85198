"""A conversation by WebRTC, with a real server process and aiortc as the visitor's browser."""

import asyncio
import time
from typing import Any

import pytest

from tests.callers import Caller, way_in
from tests.conftest import serving
from tests.patience import PATIENCE_SECS
from tests.visitors import Visitor, question

SLUG = "captain-marlow"


DRAINED_SECS = (
    0.5  # for what is on its way when the server falls silent: the caller's jitter buffer has 0.3 s
)


async def history(caller: Caller) -> list[dict[str, Any]]:
    before = len(caller.of("server-response"))
    await caller.send("client-message", {"t": "session.history", "d": {}})
    await caller.until(lambda: len(caller.of("server-response")) > before)
    turns: list[dict[str, Any]] = caller.of("server-response")[-1]["data"]["d"]["turns"]
    return turns


async def begin(server, **headers) -> Caller:
    way, _ = await asyncio.to_thread(way_in, server)
    return Caller(server, way, **headers)


async def test_a_start_answers_what_pipecats_transport_takes(server):
    way, answer = await asyncio.to_thread(way_in, server)
    assert way.keys() == {"sessionId", "iceConfig", "webrtcRequestParams"}
    assert way["webrtcRequestParams"]["endpoint"] == f"{server.url}/api/sessions/{way['sessionId']}/api/offer"
    assert len(way["webrtcRequestParams"]["requestData"]["token"]) > 40
    assert way["iceConfig"] == {"iceServers": []}
    assert answer.headers["Greenroom-Session-Secret"]


async def test_a_visitor_talks_and_hears_the_answer(server):
    async with await begin(server) as caller:
        ready = await caller.get_ready()
        assert ready["character"]["slug"] == SLUG or ready["character"]
        await caller.until(lambda: caller.audible_at)  # the greeting
        await caller.until(lambda: caller.of("bot-stopped-speaking"))
        before = len(caller.audible_at)
        await caller.speak()
        await caller.until(lambda: len(caller.of("user-stopped-speaking")) > 0)
        await caller.until(lambda: len(caller.of("bot-llm-started")) > 0)
        await caller.until(lambda: len(caller.audible_at) > before)


async def test_who_speaks_into_the_greeting_is_heard_and_what_they_did_not_hear_was_not_said(server):
    """The voice stops at both ends; the history has of the greeting what was played."""
    async with await begin(server) as caller:
        await caller.get_ready()
        await caller.until(lambda: caller.audible_at)
        await caller.speak(question())
        await caller.until(lambda: caller.server_messages("voice-held"))
        held_at = caller.told_at("voice-held")
        await caller.until(lambda: caller.of("bot-llm-started"))
        begun_at = time.monotonic()
        late = [at for at in caller.audible_at if held_at + DRAINED_SECS < at < begun_at]
        assert not late, [at - held_at for at in late]
        await caller.until(lambda: caller.of("bot-stopped-speaking"))
        async with asyncio.timeout(PATIENCE_SECS):
            while len(turns := await history(caller)) < 2:
                await asyncio.sleep(1)
        assert [turn["role"] for turn in turns[:2]] == ["user", "assistant"], turns  # of one sentence no half


async def test_a_call_takes_over_from_a_socket_and_a_socket_from_a_call(server):
    url, answer = await asyncio.to_thread(server.start_session)
    cookie = {"Cookie": answer.headers["Set-Cookie"].split(";")[0]}
    session = url.split("/session/")[1].split("/")[0]
    async with Visitor(url) as socket:
        await socket.get_ready()
        await socket.until(lambda: socket.of("bot-stopped-speaking"))
        again = await asyncio.to_thread(
            server.request, "/api/start", {"transport": "webrtc", "body": {"session": session}}, **cookie
        )
        assert again.status == 200, again.body
        async with Caller(server, again.json) as caller:
            assert (await socket.until_closed())[0] == 4409
            assert (await caller.get_ready())["resumed"] is True
            assert not caller.of("bot-started-speaking")
            back = await asyncio.to_thread(
                server.request, "/api/start", {"body": {"session": session}}, **cookie
            )
            async with Visitor(f"{back.json['wsUrl']}?token={back.json['token']}") as later:
                assert (await caller.until_closed())[0] == 4409
                assert (await later.get_ready())["resumed"] is True


async def test_a_caller_who_lost_the_line_comes_back_with_the_same_token_and_says_nothing_again(server):
    async with await begin(server) as caller:
        await caller.greeted()
        caller.open.clear()
        first, caller.messages[:] = caller.peer, []
        assert (await caller.connect(restart=True)).status == 200
        await caller.until(lambda: caller.server_messages("session"))  # though no client-ready was sent
        assert caller.server_messages("session")[0]["resumed"] is True
        await first.close()


async def test_a_call_ends_with_the_reason_when_its_session_is_ended(server):
    async with await begin(server) as caller:
        await caller.greeted()
        await caller.send("client-message", {"t": "session.end", "d": {}})
        code, reason = await caller.until_closed()
        assert (code, bool(reason)) == (4410, True)


@pytest.mark.parametrize("token", ["", "x" * 43])
async def test_the_sessions_id_alone_opens_no_call(server, token):
    caller = await begin(server)
    caller.params["requestData"] = {"token": token}
    answer = await caller.ask(await caller.offer())
    assert answer.status in (401, 403), answer.body
    await caller.peer.close()


async def test_the_owner_needs_no_token(server):
    way, answer = await asyncio.to_thread(way_in, server)
    way["webrtcRequestParams"]["requestData"] = None
    async with Caller(server, way, Cookie=answer.headers["Set-Cookie"].split(";")[0]) as caller:
        await caller.get_ready()


async def test_a_page_of_another_origin_is_refused(server):
    caller = await begin(server, Origin="https://elsewhere.example")
    answer = await caller.ask(await caller.offer())
    assert (answer.status, answer.json["error"]["code"]) == (403, "origin_refused"), answer.body
    await caller.peer.close()


async def test_nothing_is_left_of_a_caller_who_goes(server):
    async with await begin(server) as caller:
        await caller.greeted()
    async with asyncio.timeout(PATIENCE_SECS):
        while True:
            metrics = (await asyncio.to_thread(server.request, "/metrics")).body.decode()
            if "greenroom_connections 0" in metrics or "greenroom_connections 0.0" in metrics:
                return
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("by", ["", "?transport=tcp"])
async def test_who_gets_through_to_a_relay_only_talks_all_the_same(tmp_path_factory, coturn, by):
    url = f"turn:127.0.0.1:{coturn}{by}"
    with serving(tmp_path_factory, "relayed", TURN_URLS=url, TURN_SECRET="north") as running:
        caller = await begin(running)
        (server,) = caller.way["iceConfig"]["iceServers"]
        assert server["urls"] == [url]
        caller.only_relay()
        async with caller:
            await caller.greeted()
            assert caller.audible_at


async def test_calls_keep_to_the_ports_that_are_open(tmp_path_factory):
    with serving(tmp_path_factory, "ports", WEBRTC_PORTS="45000-45009") as running:
        caller = await begin(running)
        answer = await caller.ask(await caller.offer())
        lines = [line for line in answer.json["sdp"].splitlines() if line.startswith("a=candidate")]
        assert {45_000 <= int(line.split()[5]) <= 45_009 for line in lines} == {True}
        await caller.peer.close()

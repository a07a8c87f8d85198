"""What strangers try with calls: floods of offers, candidates and messages, and having others asked."""

import asyncio
import contextlib
import json
import signal
import socket
from collections.abc import Iterator

import psutil
import pytest

from tests.callers import Caller, way_in
from tests.conftest import serving
from tests.servers import Server

VISITOR = {"X_Visitor": "203.0.113.7"}  # as our proxy would say


@pytest.fixture(scope="module")
def behind_proxy(tmp_path_factory) -> Iterator[Server]:
    """A server whose proxy names the visitor's address, with one seat less than it takes."""
    with serving(
        tmp_path_factory, "calls", CLIENT_ADDRESS_HEADER="X-Visitor", STARTS_PER_ADDRESS="40"
    ) as running:
        yield running


async def begin(server, **headers) -> Caller:
    way, _ = await asyncio.to_thread(way_in, server)
    return Caller(server, way, **headers)


def sockets(server: Server) -> int:
    found = psutil.Process(server.pid)
    return sum(
        one.type == socket.SOCK_DGRAM for each in [found, *found.children()] for one in each.net_connections()
    )


async def test_a_flood_of_offers_is_stopped_and_leaves_two_calls(behind_proxy):
    caller = await begin(behind_proxy, X_Visitor="203.0.113.50")
    offer = await caller.offer()
    before = sockets(behind_proxy)
    answers = [await caller.ask(offer) for _ in range(90)]
    found = [answer.status for answer in answers]
    assert found.count(200) == 80
    assert found[80:] == [429] * 10
    each = len([line for line in answers[0].json["sdp"].splitlines() if line.startswith("a=candidate")])
    async with asyncio.timeout(20):
        while sockets(behind_proxy) > before + 2 * max(each, 3):
            await asyncio.sleep(0.2)
    await caller.peer.close()


@pytest.mark.parametrize(
    ("sdp", "status"), [("x", 400), ("v=0\r\n" * 20_000, 413), ("v=0\r\n" * 5_000, 400), (["sdp"], 400)]
)
async def test_what_is_no_offer_is_refused(server, sdp, status):
    caller = await begin(server)
    answer = await caller.ask({**await caller.offer(), "sdp": sdp})
    assert answer.status == status, answer.body
    await caller.peer.close()


@pytest.mark.parametrize("broken", ["a=fingerprint", "a=ice-ufrag", "a=rtpmap:", "a=sctp-port", "a=mid:"])
async def test_an_offer_with_a_hole_is_refused_or_answered_and_nothing_worse(server, broken):
    caller = await begin(server)
    offer = await caller.offer()
    offer["sdp"] = (
        "\r\n".join(line for line in offer["sdp"].splitlines() if not line.startswith(broken)) + "\r\n"
    )
    assert (await caller.ask(offer)).status in (200, 400)
    await caller.peer.close()


async def test_ten_thousand_candidates_are_refused(server):
    async with await begin(server) as caller:
        one = {
            "candidate": "candidate:1 1 udp 5 8.8.4.4 50000 typ host",
            "sdp_mid": "0",
            "sdp_mline_index": 0,
        }
        for count, status in ((10_000, 413), (400, 400), (30, 200), (30, 400)):
            body = {"pc_id": caller.call_id, "candidates": [one] * count}
            assert (await caller.ask(body, "PATCH")).status == status, count


async def test_only_who_has_a_calls_id_may_add_to_it(server):
    async with await begin(server) as caller:
        for call in ("", "0" * 32):
            assert (await caller.ask({"pc_id": call, "candidates": []}, "PATCH")).status == 404


@pytest.mark.parametrize(("headers", "asked"), [({"X_Visitor": "127.0.0.1"}, True), (VISITOR, False)])
async def test_nobody_lets_the_server_ask_in_its_own_network(behind_proxy, headers, asked):
    """Who comes from loopback may have candidates there; who comes from outside has none."""
    way, _ = await asyncio.to_thread(way_in, behind_proxy)
    caller = Caller(behind_proxy, way, **headers)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inside:
        inside.bind(("127.0.0.1", 0))
        inside.settimeout(3)
        offer = await caller.offer()
        lines = [line for line in offer["sdp"].splitlines() if not line.startswith("a=candidate")]
        target = f"a=candidate:1 1 udp 2122260223 127.0.0.1 {inside.getsockname()[1]} typ host"
        at = next(n for n, line in enumerate(lines) if line.startswith("a=ice-ufrag"))
        offer["sdp"] = "\r\n".join([*lines[:at], target, *lines[at:]]) + "\r\n"
        assert (await caller.ask(offer)).status == 200
        with contextlib.suppress(TimeoutError):
            await asyncio.to_thread(inside.recv, 2000)
            assert asked
            asked = False
        assert not asked
    await caller.peer.close()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("no json", 1007),
        ("[1]", 1003),
        ('{"label": "else", "type": "x"}', 1003),
        (b"\x00\x01", 1003),
        (json.dumps({"label": "rtvi-ai", "type": "send-text", "data": "x" * 70_000}), 1009),
    ],
)
async def test_what_is_no_message_ends_the_call_as_it_ends_a_socket(server, data, code):
    async with await begin(server) as caller:
        await caller.get_ready()
        caller.channel.send(data)
        assert (await caller.until_closed())[0] == code


async def test_a_flood_of_messages_ends_the_call(server):
    async with await begin(server) as caller:
        await caller.get_ready()
        text = json.dumps({"label": "rtvi-ai", "type": "client-message", "id": "1", "data": {"t": "ping"}})
        for _ in range(3000):
            caller.channel.send(text)
        assert (await caller.until_closed())[0] == 4429


async def test_a_server_that_is_full_says_so_and_one_that_stops_lets_callers_know(tmp_path_factory):
    with serving(tmp_path_factory, "full", MAX_SESSIONS_PER_WORKER="1", DRAIN_SECS="3") as running:
        first = await begin(running)
        second = await begin(running)
        async with first:
            await first.greeted()
            answer = await second.ask(await second.offer())
            assert (answer.status, answer.json["error"]["code"]) == (503, "full")
            await asyncio.to_thread(running.stop, signal.SIGTERM)
            assert first.server_messages("draining")
            assert (await first.until_closed())[0] == 4503
        await second.peer.close()


async def test_calls_that_are_switched_off_are_not_there(tmp_path_factory):
    with serving(tmp_path_factory, "sockets", TRANSPORTS="websocket") as running:
        body = {"transport": "webrtc", "body": {"character": "captain-marlow"}}
        answer = await asyncio.to_thread(running.request, "/api/start", body)
        assert answer.status == 400, answer.body
        url, _ = await asyncio.to_thread(running.start_session)
        session = url.split("/session/")[1].split("/")[0]
        offer = {"sdp": "x", "type": "offer"}
        answer = await asyncio.to_thread(running.request, f"/api/sessions/{session}/api/offer", offer)
        assert answer.status == 400, answer.body


async def test_no_word_of_a_call_is_in_the_log(server):
    before = len(server.words())
    async with await begin(server) as caller:
        await caller.greeted()
        await caller.send("send-text", {"content": "my name is Zanzibar-Quill"})
        await caller.until(lambda: len(caller.of("bot-stopped-speaking")) > 1)
        token = caller.params["requestData"]["token"]
        call_id = caller.call_id
    log = server.words()[before:]
    for word in ("Zanzibar", token, call_id, "ice-ufrag", "CandidatePair"):
        assert word not in log, word

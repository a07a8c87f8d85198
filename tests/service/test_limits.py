"""Each limit at an odd value: it holds, says which it is, and is counted."""

import asyncio
import re
from contextlib import suppress

import numpy as np
import psycopg
import pytest
import websockets

from sessions_app.network.addresses import address_of
from tests.patience import PATIENCE_SECS
from tests.visitors import Visitor, audio_message, rtvi_message
from voicebot import runtime
from voicebot.connection import rate_limits


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [("STARTS_PER_ADDRESS", "3", "too_many_starts"), ("STARTS_PER_VISITOR", "3", "too_many_starts")],
)
async def test_starts(own_server, name, value, code):
    server = await asyncio.to_thread(own_server, **{name: value})
    cookie = ""

    def start():
        nonlocal cookie
        answer = server.request(
            "/api/start", {"body": {"character": "ada-quill"}}, **({"Cookie": cookie} if cookie else {})
        )
        cookie = cookie or (answer.headers.get("Set-Cookie") or "").split(";")[0]
        return answer

    answers = [await asyncio.to_thread(start) for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].json["error"]["code"] == code
    assert int(answers[-1].headers["Retry-After"]) > 0
    metrics = (await asyncio.to_thread(server.request, "/metrics")).body.decode()
    assert re.search(rf'greenroom_refusals_total{{code="429",reason="{code}"}} 2', metrics)


@pytest.mark.parametrize("second", [0, 59.9])
def test_starts_are_counted_from_the_first_one_on(settings, monkeypatch, second):
    settings.STARTS_PER_ADDRESS = 1
    now = 60 * 1_000_000 + second
    monkeypatch.setattr("time.time", lambda: now)
    rate_limits.check_start(runtime.default().counts, "1.2.3.4", "anon:1")
    for later in (0.2, 58):
        now += later
        with pytest.raises(rate_limits.TooManyStarts):
            rate_limits.check_start(runtime.default().counts, "1.2.3.4", "anon:1")
    now += 2
    rate_limits.check_start(runtime.default().counts, "1.2.3.4", "anon:1")


async def test_connections_of_one_address(own_server):
    server = await asyncio.to_thread(own_server, CONNECTIONS_PER_ADDRESS="2")
    ways = [(await asyncio.to_thread(server.start_session))[0] for _ in range(3)]
    async with Visitor(ways[0]) as first, Visitor(ways[1]) as second:
        await asyncio.gather(first.get_ready(), second.get_ready())
        async with Visitor(ways[2]) as third:
            code, reason = await third.until_closed()
            assert (code, "network" in reason) == (4429, True)
    async with asyncio.timeout(PATIENCE_SECS):
        while True:  # their places are free again, soon
            way = (await asyncio.to_thread(server.start_session))[0]
            with suppress(AssertionError, websockets.ConnectionClosed):  # not yet
                async with Visitor(way) as visitor:
                    await visitor.get_ready()
                    break


async def test_messages_and_audio_of_one_connection(own_server):
    server = await asyncio.to_thread(own_server, MESSAGES_PER_SEC="20", AUDIO_BURST_SECS="5")
    nearly_nothing = audio_message(np.zeros(1), 96_000)  # it is work, too
    for message, count in (
        (rtvi_message("made-up"), 200),
        (audio_message(np.zeros(16_000)), 30),
        (nearly_nothing, 20_000),
    ):
        async with Visitor((await asyncio.to_thread(server.start_session))[0]) as visitor:
            await visitor.get_ready()
            for _ in range(count):
                if visitor.closed:
                    break
                with suppress(websockets.ConnectionClosed):
                    await visitor.socket.send(message)
            assert (await visitor.until_closed())[0] == 4429


async def test_bytes_before_authentication(own_server):
    server = await asyncio.to_thread(own_server, BYTES_BEFORE_AUTHENTICATION="5000")
    way = (await asyncio.to_thread(server.start_session))[0]
    one, more = audio_message(np.zeros(512)), 6
    # Whoever has the table lets nobody in, so that what comes meanwhile comes before authentication.
    async with await psycopg.AsyncConnection.connect(server.database) as database:
        await database.execute("LOCK TABLE sessions_app_voicesession IN ACCESS EXCLUSIVE MODE")
        async with Visitor(way) as visitor:
            for _ in range(more):
                await visitor.socket.send(one)
            code, reason = await visitor.until_closed()
            assert (code, "let in" in reason) == (4429, True)
        async with Visitor(way) as modest:
            await modest.socket.send(one)
            await database.rollback()
            await modest.get_ready()
    metrics = (await asyncio.to_thread(server.request, "/metrics")).body.decode()
    assert 'greenroom_refusals_total{code="4429",reason="too_much_too_early"} 1' in metrics


async def test_a_message_may_have_64_kilobytes(server):
    async with Visitor((await asyncio.to_thread(server.start_session))[0]) as visitor:
        await visitor.get_ready()
        await visitor.socket.send(audio_message(np.zeros(31_000)))
        await visitor.socket.send(b"\x00" * 66_000)
        assert (await visitor.until_closed())[0] == 1009


def test_minutes_a_day_are_counted_by_the_second_and_stop_whoever_has_used_them(settings):
    settings.MAX_MINUTES_PER_DAY = 2
    rate_limits.check_day(runtime.default().counts, "anon:1")
    for _ in range(119):
        rate_limits.charge_talk(runtime.default().counts, "anon:1", 1)
        rate_limits.check_day(runtime.default().counts, "anon:1")
    rate_limits.charge_talk(runtime.default().counts, "anon:1", 1)
    with pytest.raises(rate_limits.DayUsedUp):
        rate_limits.check_day(runtime.default().counts, "anon:1")
    with pytest.raises(rate_limits.DayUsedUp):
        rate_limits.charge_talk(runtime.default().counts, "anon:1", 20)
    rate_limits.check_day(runtime.default().counts, "anon:2")


def test_the_real_address_comes_from_the_configured_header_only(settings):
    headers = {"x-forwarded-for": "6.6.6.6, 10.1.1.1", "cf-connecting-ip": "7.7.7.7"}
    assert address_of(headers, "127.0.0.1") == "127.0.0.1"
    settings.CLIENT_ADDRESS_HEADER = "X-Forwarded-For"
    assert address_of(headers, "127.0.0.1") == "10.1.1.1"
    settings.CLIENT_ADDRESS_HEADER = "CF-Connecting-IP"
    assert address_of(headers, "127.0.0.1") == "7.7.7.7"


async def test_overload_refuses_exactly_the_surplus_and_those_inside_notice_nothing(own_server):
    capacity = 6
    server = await asyncio.to_thread(own_server, MAX_SESSIONS_PER_WORKER=str(capacity), MAX_LOAD="10")
    ways = [(await asyncio.to_thread(server.start_session))[0] for _ in range(2 * capacity)]
    inside, outside, waits = [], [], []

    async def come(way: str) -> None:
        async with Visitor(way) as visitor:
            with suppress(websockets.ConnectionClosed):  # refused already
                await visitor.socket.send(rtvi_message("client-ready", {"version": "2.2.0", "about": {}}))
            await visitor.until(lambda: visitor.server_messages("session") or visitor.closed)
            if visitor.closed:
                outside.append(visitor.closed[0])
                return
            inside.append(way)
            waits.append(await visitor.ask())

    await asyncio.gather(*(come(way) for way in ways))
    assert len(inside) == capacity
    assert outside == [4503] * capacity
    assert max(waits) < 15
    assert (await asyncio.to_thread(server.start_session))[1].status == 200, "and now there is room again"

"""Bad input over the socket: each has a clear answer, and the server goes on."""

import asyncio
from contextlib import suppress

import numpy as np
import pytest
import websockets

from tests.servers import Server
from tests.visitors import Visitor, audio_message, rtvi_message

NOBODY = "6f1c2a34-9d0e-4b57-8c1a-2f3e4d5c6b7a"


async def way_in(server: Server) -> str:
    return (await asyncio.to_thread(server.start_session))[0]


@pytest.fixture(autouse=True)
async def _unharmed(server):
    """Whatever a test did, the next visitor is let in."""
    yield
    async with Visitor(await way_in(server)) as visitor:
        await visitor.get_ready()


async def closed_with(url: str, **options) -> tuple[int, str]:
    async with Visitor(url, **options) as visitor:
        return await visitor.until_closed()


@pytest.mark.parametrize("token", ["", "?token=", "?token=wrong", "?token=%ff%00", f"?token={'x' * 5000}"])
async def test_a_wrong_token(server, token):
    url = (await way_in(server)).split("?")[0]
    code, reason = await closed_with(url + token)
    assert code == 4401
    assert "Start again" in reason


@pytest.mark.parametrize("path", [f"/ws/session/{NOBODY}/?token=x", "/ws/session/nonsense/", "/ws/"])
async def test_no_such_session(server, path):
    assert (await closed_with(f"ws://127.0.0.1:{server.port}{path}"))[0] == 4404


async def test_a_foreign_origin(server):
    assert (await closed_with(await way_in(server), origin="https://evil.example"))[0] == 4403


async def test_our_own_origin(server):
    async with Visitor(await way_in(server), origin=server.url) as visitor:
        await visitor.get_ready()


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("a text frame", 1003),
        (audio_message(np.zeros(512))[:-10], 1007),
        (audio_message(np.zeros(512), 3_000), 1003),
        (b"\x00" * (10 * 1024 * 1024), 1009),
    ],
    ids=["text", "truncated", "odd rate", "10 MB"],
)
async def test_a_message_that_nothing_can_be_made_of(server, message, code):
    async with Visitor(await way_in(server)) as visitor:
        await visitor.get_ready()
        with suppress(websockets.ConnectionClosed):  # the server need not read all of it to refuse
            await visitor.socket.send(message)
        assert (await visitor.until_closed())[0] == code


NOT_TAKEN = [
    ("send-file", {"file": {"format": "text/plain", "source": {"type": "url", "url": "http://127.0.0.1/"}}}),
    ("llm-function-call-result", {"function_name": "x"}),
    ("send-text", {"content": "x" * 3000}),
    ("send-text", {"content": {"not": "text"}}),
    ("client-message", {}),
    ("made-up", {}),
]


async def test_messages_that_are_not_taken_are_answered_and_the_call_goes_on(server):
    async with Visitor(await way_in(server)) as visitor:
        await visitor.get_ready()
        for number, (kind, data) in enumerate(NOT_TAKEN):
            await visitor.socket.send(rtvi_message(kind, data, str(number)))
            await visitor.until(lambda expected=number: len(visitor.of("error-response")) > expected)
            assert visitor.of("error-response")[-1]["id"] == str(number), kind
        await visitor.ask()


async def test_a_client_of_an_unknown_version_still_talks(server):
    async with Visitor(await way_in(server)) as visitor:
        await visitor.socket.send(rtvi_message("client-ready", {"version": "nonsense", "about": 7}))
        await visitor.until(lambda: visitor.server_messages("session"))


async def test_a_flood_of_audio_costs_its_sender_only(server):
    async with Visitor(await way_in(server)) as flood, Visitor(await way_in(server)) as visitor:
        await asyncio.gather(flood.get_ready(), visitor.get_ready())
        second = audio_message(np.random.default_rng(1).integers(-9000, 9000, 16_000))
        with suppress(websockets.ConnectionClosed):  # which is what it comes to
            for _ in range(200):
                await flood.socket.send(second)
        await visitor.ask()
        assert (await flood.until_closed())[0] == 4429

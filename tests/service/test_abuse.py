"""Abuse of the socket: slow handshakes, floods of pings, endless fragments, readers that stop reading."""

import asyncio
import contextlib
import time

import numpy as np
import psutil
import pytest
import websockets

from tests.patience import PATIENCE_SECS
from tests.visitors import Visitor, audio_message
from voicebot.ops.serving.websocket_protocol import HANDSHAKE_SECS


@pytest.fixture(autouse=True)
async def _others_notice_nothing(server):
    yield
    async with Visitor((await asyncio.to_thread(server.start_session))[0]) as visitor:
        await visitor.get_ready()
        assert await visitor.ask() < 15


async def test_handshakes_that_never_come_are_cut_off(server):
    heads = [b"", b"GET /ws/session/x/ HTTP/1.1\r\nHost: a\r\nX-Slow: "]
    began = time.monotonic()
    opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(20)]
    for number, (_, writer) in enumerate(opened):
        writer.write(heads[number % 2])
    async with asyncio.timeout(HANDSHAKE_SECS + PATIENCE_SECS):
        for reader, writer in opened:
            await reader.read()
            writer.close()
    assert time.monotonic() - began > HANDSHAKE_SECS - 2, "others may be slow, too"


async def test_a_flood_of_pings(server):
    async with Visitor((await asyncio.to_thread(server.start_session))[0], ping_interval=None) as visitor:
        await visitor.get_ready()
        with contextlib.suppress(websockets.ConnectionClosed):
            for _ in range(5000):
                await visitor.socket.ping()


async def test_endless_fragments(server):
    async with Visitor((await asyncio.to_thread(server.start_session))[0]) as visitor:
        await visitor.get_ready()

        async def fragments():
            for _ in range(400):
                yield b"\x00" * 1000

        with contextlib.suppress(websockets.ConnectionClosed):
            await visitor.socket.send(fragments())
        # 1006: the line is cut while there is more to read, and the code is lost on the way
        assert (await visitor.until_closed())[0] in (1009, 1006)


async def test_a_reader_that_stops_reading_costs_no_memory(server):
    process = psutil.Process(server.pid)
    visitors = []
    for _ in range(5):
        visitor = await Visitor((await asyncio.to_thread(server.start_session))[0]).__aenter__()
        await visitor.get_ready()
        visitors.append(visitor)
    before = process.memory_info().rss
    for visitor in visitors:
        visitor.socket.transport.pause_reading()
    second = audio_message(np.random.default_rng(1).integers(-9000, 9000, 8000))
    for _ in range(20):
        for visitor in visitors:
            with contextlib.suppress(websockets.ConnectionClosed):
                await asyncio.wait_for(visitor.socket.send(second), 5)
        await asyncio.sleep(0.1)
    assert process.memory_info().rss - before < 40 * 2**20
    for visitor in visitors:
        visitor.socket.transport.abort()
        visitor._ear.cancel()


async def test_half_open_connections_hold_no_seat(server):
    url = (await asyncio.to_thread(server.start_session))[0]
    for _ in range(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        path = url.split(str(server.port))[1]
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())  # no upgrade
        await reader.read(100)
        writer.close()
    async with asyncio.timeout(PATIENCE_SECS):
        while (await asyncio.to_thread(server.request, "/readyz")).headers["X-Seats-Taken"] != "0":
            await asyncio.sleep(0.2)


async def test_a_large_body_is_no_large_head(server):
    answer = await asyncio.to_thread(server.request, "/api/start", {"body": {"character": "x" * 200_000}})
    assert answer.status == 413

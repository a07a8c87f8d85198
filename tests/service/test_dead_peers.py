"""Peers that vanish without a word, stop reading, or reset by the hundred: their seats are free soon."""

import asyncio
import contextlib
import os
import socket
import struct
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.databases import stage_database
from tests.network_namespaces import SERVER, Line, entered, line  # noqa: F401  (a fixture)
from tests.servers import Server
from tests.visitors import Visitor, rtvi_message

NOTICED_SECS = 30.0  # docs/protocol.md
LONG_VOICE = "tests.service.long_voice.LongVoice"


def admitted_connections(server: Server) -> int:
    return int(server.request("/readyz").headers["X-Seats-Taken"])


def states(server: Server) -> dict[str, int]:
    """How many sessions are in which state."""
    with psycopg.connect(server.database) as database:
        rows = database.execute("SELECT state, count(*) FROM sessions_app_voicesession GROUP BY state")
        return dict(rows.fetchall())


def in_namespace(name: str, call, *arguments):
    with entered(name):
        return call(*arguments)


@pytest.fixture
def far_server(line: Line, tmp_path) -> Iterator[Server]:  # noqa: F811
    """A server at the other end of the line, whose characters speak for minutes."""
    with stage_database(f"greenroom_far_{os.getpid()}", tmp_path) as database:
        server = Server(
            tmp_path / "log",
            database,
            cold=True,
            DATA_DIR=str(tmp_path),
            TTS_PROVIDER=LONG_VOICE,
            ALLOWED_HOSTS=f"127.0.0.1,{SERVER}",
        )
        server.host = "0.0.0.0"
        in_namespace(line.server, server.start)
        try:
            yield server
        finally:
            server.stop()


@pytest.mark.long
async def test_a_peer_that_vanishes_while_the_character_speaks_is_noticed(far_server, line):  # noqa: F811
    def ask(call, *arguments):
        return asyncio.to_thread(in_namespace, line.server, call, *arguments)

    async with contextlib.AsyncExitStack() as stack:
        visitors = []
        for _ in range(4):
            url, _ = await ask(far_server.start_session)
            connection = await asyncio.to_thread(line.connect, far_server.port)
            visitor = Visitor(url, sock=connection, ping_interval=None, close_timeout=0.1)
            visitors.append(await stack.enter_async_context(visitor))
            await visitor.get_ready()
        for visitor in visitors:
            await visitor.until(lambda visitor=visitor: len(visitor.audible_at) > 10)
        # One whose machine is well and whose program hangs: its acknowledgements come, and no pong.
        frozen = visitors.pop()
        frozen.socket.transport.pause_reading()
        assert await ask(admitted_connections, far_server) == 4
        await asyncio.to_thread(line.cut)
        cut = time.monotonic()
        try:
            async with asyncio.timeout(NOTICED_SECS):
                while await ask(admitted_connections, far_server) or (
                    await asyncio.to_thread(states, far_server)
                ).get("active"):
                    await asyncio.sleep(0.5)
        finally:
            print(f"noticed after {time.monotonic() - cut:.1f} s")
            for visitor in (*visitors, frozen):
                visitor.socket.transport.abort()


@pytest.mark.long
async def test_a_slow_reader_is_not_taken_for_dead(own_server):
    """Behind a line of 128 kbit/s a ping waits for seconds behind what is played."""
    server = await asyncio.to_thread(own_server, TTS_PROVIDER=LONG_VOICE)
    url, _ = await asyncio.to_thread(server.start_session)
    thin = socket.socket()
    thin.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
    thin.connect(("127.0.0.1", server.port))
    async with Visitor(url, sock=thin, ping_interval=None) as visitor:
        await visitor.get_ready()
        transport = visitor.socket.transport
        until = time.monotonic() + NOTICED_SECS
        while time.monotonic() < until:
            transport.pause_reading()
            await asyncio.sleep(2)
            transport.resume_reading()
            await asyncio.sleep(0.01)
            assert visitor.closed is None
        assert await asyncio.to_thread(admitted_connections, server) == 1
        transport.abort()


async def test_a_reset_of_all_connections_frees_their_seats_at_once(own_server):
    many = 200
    server = await asyncio.to_thread(own_server, MAX_SESSIONS_PER_WORKER="250", MAX_LOAD="100")
    sockets = []
    for _ in range(many):
        url, _ = await asyncio.to_thread(server.start_session)
        visitor = Visitor(url, ping_interval=None)
        await visitor.__aenter__()
        await visitor.socket.send(rtvi_message("client-ready", {"version": "2.2.0", "about": {}}))
        sockets.append(visitor)
    assert await asyncio.to_thread(admitted_connections, server) == many
    for visitor in sockets:
        visitor.socket.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        visitor.socket.transport.abort()
    reset = time.monotonic()
    while await asyncio.to_thread(admitted_connections, server):
        await asyncio.sleep(0.1)
        assert time.monotonic() - reset < 60
    seats_after = time.monotonic() - reset
    while (await asyncio.to_thread(states, server)).get("active"):
        await asyncio.sleep(0.1)
        assert time.monotonic() - reset < 60
    print(f"seats free after {seats_after:.1f} s, sessions idle after {time.monotonic() - reset:.1f} s")
    assert seats_after < 20, "not when pings find out"

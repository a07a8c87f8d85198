"""Connections that do nothing are few, and do not last (finding H5)."""

import asyncio
import contextlib
import resource
import time

from tests.patience import PATIENCE_SECS
from voicebot.ops import OpenConnections

LIMIT = 400  # descriptors, as in the attack
SLOW_SECS = 25


def test_a_network_has_a_share_and_gives_it_back(settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    connections = OpenConnections(most=2)
    assert [connections.take(f"2001:db8::{number}") for number in range(3)] == [True, True, False]
    assert connections.take("2001:db8:0:1::1"), "another network"
    connections.leave("2001:db8::1")
    assert connections.take("2001:db8::9")
    assert all(connections.take("10.0.0.1") for _ in range(10)), "a proxy brings everybody's"
    for _ in range(10):
        connections.leave("10.0.0.1")
    for peer in ("2001:db8::9", "2001:db8::2", "2001:db8:0:1::1"):
        connections.leave(peer)
    assert not connections._open


async def asked(port: int, source: str) -> bytes:
    """The first line that /healthz answers to this address, b'' for none."""
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(PATIENCE_SECS):
            line = await reader.readline()
        writer.close()
        return line
    return b""


async def test_one_address_with_hundreds_of_connections_leaves_room_for_everybody_else(own_server):
    server = await asyncio.to_thread(own_server, TRUSTED_PROXIES="192.0.2.1/32")
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (LIMIT, LIMIT))
    opened = []
    for _ in range(LIMIT - 10):
        with contextlib.suppress(OSError):
            opened.append(
                await asyncio.open_connection("127.0.0.1", server.port, local_addr=("127.0.0.7", 0))
            )
    began = time.monotonic()
    assert b" 200 " in await asked(server.port, "127.0.0.8")
    for _, writer in opened:  # half a head, which never ends
        with contextlib.suppress(OSError):
            writer.write(b"GET / HTTP/1.1\r\nHost: 127")
    async with asyncio.timeout(SLOW_SECS):
        for reader, writer in opened:
            with contextlib.suppress(OSError):
                while await reader.read(4096):
                    pass
            writer.close()
    assert time.monotonic() - began < SLOW_SECS
    assert b" 200 " in await asked(server.port, "127.0.0.7"), "and it may come again"

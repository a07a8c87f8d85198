"""Callers come and go, half of them without a goodbye: nothing of them stays, and the dead are noticed."""

import asyncio

import pytest

from tests.callers import Caller, way_in
from tests.servers import Server
from tests.voicebot.connection.test_leaks import POOLS, at_rest

AT_ONCE = 6


async def come_and_go(server: Server, number: int) -> None:
    way, _ = await asyncio.to_thread(way_in, server)
    caller = Caller(server, way)
    await caller.__aenter__()
    await caller.get_ready()
    if number % 2:  # no goodbye: the network is gone
        for protocol in caller.peer.sctp.transport.transport.iceGatherer._connection._protocols:
            protocol.transport.sendto = lambda data, address: None
    await caller.__aexit__()


async def crowd(server: Server, calls: int) -> None:
    for first in range(0, calls, AT_ONCE):
        await asyncio.gather(*(come_and_go(server, first + number) for number in range(AT_ONCE)))


@pytest.mark.long
async def test_nothing_of_sixty_callers_stays(own_server):
    server = await asyncio.to_thread(own_server, MAX_SESSIONS_PER_VISITOR="500", LOG_LEVEL="WARNING")
    await crowd(server, 30)  # pools, caches and code are as large as they get
    before = await at_rest(server)
    await crowd(server, 60)
    after = await at_rest(server)
    print(before, after)
    assert after["tasks"] <= before["tasks"] + 2, (before, after)
    assert after["threads"] <= before["threads"] + POOLS, (before, after)
    assert after["files"] <= before["files"] + POOLS, (before, after)
    assert after["megabytes"] <= before["megabytes"] + 30, (before, after)

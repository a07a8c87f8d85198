"""Answers that are lost after the commit, before a real PostgreSQL: nothing is there twice."""

import asyncio
from urllib.parse import quote, urlsplit

from django.conf import settings

from scripts.chaos.lossy_postgres import LossyPostgres
from tests.databases import stage_database
from tests.servers import Server
from tests.visitors import Visitor
from tests.voicebot.connection.test_resume import asked, write


async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To the PostgreSQL of the tests."""
    server = settings.DATABASES["default"]
    port = int(server["PORT"] or 5432)
    if str(server["HOST"]).startswith("/"):
        return await asyncio.open_unix_connection(f"{server['HOST']}/.s.PGSQL.{port}")
    return await asyncio.open_connection(server["HOST"], port)


async def test_turns_whose_writer_hears_no_answer_are_there_once_and_in_order(tmp_path):
    server = settings.DATABASES["default"]
    login = quote(server["USER"]) + (f":{quote(server['PASSWORD'])}" if server.get("PASSWORD") else "")
    with stage_database("greenroom_lossy", tmp_path) as database:
        async with LossyPostgres(connect, b'INSERT INTO "sessions_app_sessionturn"') as lossy:
            through = f"postgresql://{login}@127.0.0.1:{lossy.port}{urlsplit(database).path}?sslmode=disable"
            running = Server(tmp_path / "log", through, DATA_DIR=str(tmp_path))
            await asyncio.to_thread(running.start)
            try:
                turns = await self_talk(running, lossy)
            finally:
                await asyncio.to_thread(running.stop)
    questions = [turn["text"] for turn in turns if turn["role"] == "user"]
    assert questions == [f"question {number}" for number in range(6)]
    assert [turn["sequence"] for turn in turns] == list(range(1, len(turns) + 1))
    assert lossy.lost >= 6, "the attack took place"


async def self_talk(running: Server, lossy: LossyPostgres) -> list[dict]:
    """Asks six questions, of each of which two answers of the database are lost; the history."""
    way, _ = await asyncio.to_thread(running.start_session)
    async with Visitor(way) as visitor:
        await visitor.get_ready()
        for number in range(6):
            lossy.lose(2)
            await write(visitor, f"question {number}")
        async with asyncio.timeout(30):
            while True:
                turns = (await asked(visitor, "session.history", {}))["turns"]
                if len([turn for turn in turns if turn["role"] == "user"]) >= 6:
                    return turns
                await asyncio.sleep(0.2)

"""A visitor is remembered a day later by another process, with the default install, and then forgotten."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from greenroom import development
from tests.databases import fresh_database, share_speech, stage_database
from tests.security.test_backups import House, restore
from tests.servers import Server
from tests.service.test_backup import run
from tests.visitors import Visitor, rtvi_message
from tests.voicebot.connection.test_resume import asked

MARLOW = "captain-marlow"
SECS = 120  # for an answer of local models on a machine that does other things, too
# As somebody with the database and every key would. What prompts have of it: test_drawn_memories.py.
READ = """
from sessions_app.memories import SyncMemories
from sessions_app.models import SealedMemory, VisitorMemory
print("ROWS", SealedMemory.objects.count())
for visitor in VisitorMemory.objects.values_list("visitor", flat=True):
    for known in SyncMemories().all_known(visitor):
        print("KNOWN", [memory.text for memory in known.recollections])
"""
NOW = "from sessions_app.database import database_clock; print(database_clock().isoformat())"
# The servers ask PostgreSQL for the time, by a name that is looked up in `public` first from here on.
A_DAY_LATER = """
    CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS $$ SELECT pg_catalog.clock_timestamp() + interval '1 day' $$
"""


def pass_a_day(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(A_DAY_LATER)
        name = sql.Identifier(admin.info.dbname)
        admin.execute(sql.SQL("ALTER DATABASE {} SET search_path = public, pg_catalog").format(name))


class Guest(Visitor):
    """Types, and reads what is said."""

    def said(self) -> str:
        return " ".join(m["data"]["text"] for m in self.of("bot-output"))

    async def says(self, text: str) -> str:
        """What it is answered, to the end."""
        stopped, before = len(self.of("bot-stopped-speaking")), len(self.said())
        await self.socket.send(rtvi_message("send-text", {"content": text}))
        await self.until(lambda: len(self.of("bot-stopped-speaking")) > stopped, SECS)
        return self.said()[before:]

    async def greeted(self) -> str:
        await self.get_ready()
        await self.until(lambda: self.of("bot-stopped-speaking"), SECS)
        return self.said()


def begin(server: Server, cookie: str = "") -> tuple[str, str, str]:
    """The way in, the session's id and the visitor's cookie."""
    body = {"transport": "websocket", "body": {"character": MARLOW}}
    answer = server.request("/api/start", body, **({"Cookie": cookie} if cookie else {}))
    assert answer.status == 200, answer.body
    url = f"{answer.json['wsUrl']}?token={answer.json['token']}"
    own = answer.headers.get("Set-Cookie", "").split(";")[0]
    return url, answer.json["wsUrl"].rstrip("/").rpartition("/")[2], own or cookie


@pytest.mark.local
async def test_a_visitor_is_remembered_a_day_later_on_another_process_and_then_forgets_a_dog(
    tmp_path, redis_url
):
    keys = {"SECRET_KEY": development.secret_key(), "SESSION_KEYS": development.session_keys()}
    more = {"DEFAULT_PROVIDER": "local", "MAX_LOAD": "100", "REDIS_URL": redis_url, "DATA_DIR": str(tmp_path)}
    friday = (datetime.now(UTC) + timedelta(days=3)).strftime("%A")
    files = [tmp_path / name for name in ("dump", "keys", "data_keys", "journal")]
    with stage_database("greenroom_remembering", tmp_path) as database:
        share_speech(tmp_path)
        first, second = (Server(tmp_path / f"log-{n}", database, **keys, **more) for n in (1, 2))
        try:
            await asyncio.to_thread(first.start)
            url, _, cookie = begin(first)
            async with Guest(url) as guest:
                await guest.greeted()
                await guest.says("You may remember me.")
                for words in (
                    "My name is Robin.",
                    "I have a dog called Pip.",
                    f"I am going to sail to Crete on {friday}.",
                ):
                    await guest.says(words)
                await guest.socket.send(rtvi_message("client-message", {"t": "session.end", "d": {}}))
                await guest.until_closed()
            await asyncio.to_thread(first.stop)
            run("backup.sh", *files, DATABASE_URL=database, **keys)

            pass_a_day(database)
            now = datetime.fromisoformat(second.command("shell", "-c", NOW).split()[-1])
            assert now - datetime.now(UTC) > timedelta(hours=23)
            await asyncio.to_thread(second.start)
            url, _, _ = begin(second, cookie)
            async with Guest(url) as guest:
                greeting = await guest.greeted()
                assert "Robin" in greeting
                assert "sail to Crete" in greeting
                assert "?" in greeting
                assert "Pip" in await guest.says("What is my dog called?")
                await guest.says("Please forget my dog.")
                known = await asked(guest, "memory.list")
                texts = [memory["text"] for memory in known["memories"]]
                assert "is called Robin" in texts
                assert not [text for text in texts if "Pip" in text or "dog" in text]

            page = second.request(f"/api/memories?character={MARLOW}", Cookie=cookie)
            assert page.status == 200
            assert b"Robin" in page.body
            assert b"Pip" not in page.body
            url, session, _ = begin(second, cookie)
            async with Guest(url) as guest:
                await guest.greeted()
                assert "Pip" not in await guest.says("What is my dog called?")
                exported = json.loads(second.command("export_session", session))
            assert "is called Robin" in [memory["text"] for memory in exported["memories"]]
            assert "Pip" not in json.dumps(exported)
            read = second.command("shell", "-c", READ)
            assert "is called Robin" in read
            assert "Pip" not in read

            run("backup.sh", "-", "-", *files[2:], DATABASE_URL=database, **keys)
            with fresh_database("greenroom_remembering_again") as again:
                place = tmp_path / "again"
                place.mkdir()
                house = House(place, again, keys)
                restore(house, files[0], *files[2:])
                house.command("replay_erasures", str(files[3]))
                read = house.command("shell", "-c", READ)
                assert "is called Robin" in read
                assert "Pip" not in read, "nor from a backup of before"
        finally:
            for server in (first, second):
                await asyncio.to_thread(server.stop)

"""What a model draws from a visitor's words is in the prompts that two servers really send, and nowhere else.

The model is a stand-in behind the OpenAI API. It keeps every request, and draws what no rule finds.
"""

import asyncio
import gzip
import http.server
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from greenroom import development
from tests.databases import fresh_database, stage_database
from tests.patience import PATIENCE_SECS
from tests.security.test_backups import House, restore
from tests.servers import Server, listening
from tests.service.test_backup import TOOLS, run
from tests.service.test_remembering import READ, Guest
from tests.voicebot.connection.test_resume import asked, cookie_of, look_everywhere
from tests.voicebot.model_server import DONE, Model, chunk, model_server
from voicebot.memories.drawing import INSTRUCTION

CANARY = "Mirabellefig"
TOLD = f"My terrier answers to {CANARY}, as it happens."
FACT = f"has a terrier called {CANARY}"


def draws(asked: dict[str, Any]) -> bool:
    return any(INSTRUCTION[:60] in str(message["content"]) for message in asked["messages"])


def facts_of(asked: dict[str, Any]) -> dict[str, Any]:
    """What the stand-in draws: the terrier, of the turn that has it."""
    turns = json.loads(asked["messages"][-1]["content"])["turns"]
    told = {"kind": "life", "about": "pet:dog", "text": FACT, "value": CANARY, "day": ""}
    quote = f"My terrier answers to {CANARY}"
    return {"facts": [{"turn": one["turn"], "quote": quote, **told} for one in turns if quote in one["said"]]}


async def behave(model: Model, request: web.Request, asked: dict[str, Any]) -> web.StreamResponse:
    content = json.dumps(facts_of(asked)) if draws(asked) else "Aye, that I will."
    if not asked.get("stream"):
        choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
        return web.json_response({"id": "c", "object": "chat.completion", "model": "m", "choices": [choice]})
    response = await model.opened(request)
    await response.write(chunk(content) + chunk(finish="stop") + DONE)
    return response


class Stage(NamedTuple):
    """Two servers with one database, one Redis and one model; what they traced; their keys."""

    first: Server
    second: Server
    model: Model
    spans: list[bytes]
    keys: dict[str, str]

    def prompts(self, since: int = 0) -> list[str]:
        """What the model was asked for replies, in the order of the turns."""
        replies = [asked for asked in self.model.asked[since:] if not draws(asked)]
        return [json.dumps(asked["messages"], ensure_ascii=False) for asked in replies]


@asynccontextmanager
async def two_servers(place: Path, redis_url: str) -> AsyncIterator[Stage]:
    spans: list[bytes] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            zipped = self.headers.get("Content-Encoding") == "gzip"
            spans.append(gzip.decompress(body) if zipped else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    keys = {"SECRET_KEY": development.secret_key(), "SESSION_KEYS": development.session_keys()}
    async with model_server() as model:
        model.behaviour = behave
        with listening(Collector) as collector, stage_database("greenroom_drawn", place) as database:
            more = {
                "LLM_PROVIDER": "openai",
                "OPENAI_BASE_URL": model.url,
                "OPENAI_API_KEY": "none",
                "REDIS_URL": redis_url,
                "DATA_DIR": str(place),
                "MAX_LOAD": "100",
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
                "OTEL_BSP_SCHEDULE_DELAY": "200",
            }
            servers = [Server(place / f"log-{n}", database, **keys, **more) for n in (1, 2)]
            try:
                for server in servers:
                    await asyncio.to_thread(server.start)
                yield Stage(*servers, model, spans, keys)
            finally:
                for server in servers:
                    await asyncio.to_thread(server.stop)


async def way_in(server: Server, cookie: dict[str, str]) -> str:
    start = {"body": {"character": "captain-marlow"}}
    way = (await asyncio.to_thread(server.request, "/api/start", start, **cookie)).json
    return f"{way['wsUrl']}?token={way['token']}"


async def agree(server: Server, cookie: dict[str, str]) -> None:
    consent = {"character": "captain-marlow", "agreed": True}
    await asyncio.to_thread(server.request, "/api/memories/consent", consent, method="PUT", **cookie)


def files_in(place: Path) -> list[Path]:
    """Where a backup goes: the dump, the server's keys, the data keys, the journal of erasures."""
    return [place / name for name in ("dump", "keys", "data_keys", "journal")]


async def kept_everywhere(stage: Stage, redis_url: str, place: Path) -> dict[str, str]:
    """All that is kept outside the processes: tables, Redis, logs, metrics, traces, a backup, vectors."""
    kept = await asyncio.to_thread(look_everywhere, stage.first, stage.second, redis_url, place)
    for number, server in enumerate((stage.first, stage.second), 1):
        kept[f"metrics {number}"] = (await asyncio.to_thread(server.request, "/metrics")).body.decode()
    async with asyncio.timeout(PATIENCE_SECS):
        while b"turn" not in b"".join(stage.spans):
            await asyncio.sleep(0.1)
    kept["traces"] = b"".join(stage.spans).decode("latin1")
    own = {"DATABASE_URL": stage.first.database, **stage.keys}
    await asyncio.to_thread(run, "backup.sh", *files_in(place), **own)
    kept["backup"] = await asyncio.to_thread(in_dump, files_in(place)[0])
    for name, content in kept.items():
        assert content, name
    return {**kept, "vectors": vectors_on_disk(place)}


def vectors_on_disk(place: Path) -> str:
    return "".join(path.read_bytes().decode("latin1") for path in place.rglob("meanings.sqlite3*"))


def in_dump(dump: Path) -> str:
    shown = subprocess.run([TOOLS / "pg_restore", "--file=-", dump], check=True, capture_output=True)
    return shown.stdout.decode("latin1")


async def learnt(guest: Guest) -> None:
    await guest.until(
        lambda: any("learnt" in news for news in guest.server_messages("memory")), PATIENCE_SECS
    )


async def test_the_prompt_that_the_other_server_sends_has_what_was_drawn_until_it_is_forgotten(
    tmp_path, redis_url
):
    async with two_servers(tmp_path, redis_url) as stage:
        url, answer = await asyncio.to_thread(stage.first.start_session)
        cookie = cookie_of(answer)
        async with Guest(url) as one, Guest(await way_in(stage.second, cookie)) as other:
            await one.greeted()
            await other.greeted()
            await agree(stage.first, cookie)
            await one.says(TOLD)
            await learnt(one)

            before = len(stage.model.asked)
            await other.says("What do you know of me?")
            assert FACT in stage.prompts(before)[-1], (
                "what the first server has learnt, the second one tells its model"
            )

            await one.says("Please forget my terrier.")
            before = len(stage.model.asked)
            await other.says("And what do you know now?")
            assert stage.prompts(before)
            assert CANARY not in "".join(stage.prompts(before))

        before = len(stage.model.asked)
        async with Guest(await way_in(stage.second, cookie)) as again:
            await again.greeted()
            await again.says("Who am I?")
        assert stage.prompts(before)
        assert CANARY not in "".join(stage.prompts(before)), "nor in another conversation"


async def test_what_was_drawn_and_told_to_the_model_stands_nowhere_and_no_backup_brings_it_back(
    tmp_path, redis_url
):
    files = files_in(tmp_path)
    async with two_servers(tmp_path, redis_url) as stage:
        url, answer = await asyncio.to_thread(stage.first.start_session)
        cookie = cookie_of(answer)
        async with Guest(url) as guest:
            await guest.greeted()
            await agree(stage.first, cookie)
            await guest.says(TOLD)
            await learnt(guest)
        async with Guest(await way_in(stage.second, cookie)) as guest:
            await guest.greeted()
            await guest.says("What do you know of me?")
            assert FACT in stage.prompts()[-1]
            kept = await kept_everywhere(stage, redis_url, tmp_path)
            for place, content in kept.items():
                for words in (CANARY, CANARY.lower(), "terrier", "What do you know of me"):
                    assert words not in content, f"{words} stands in {place}"

            memory = (await asked(guest, "memory.list"))["memories"][0]
            assert memory["text"] == FACT, "its own visitor can read it"
            await asked(guest, "memory.forget", {"id": memory["id"]})
        own = {"DATABASE_URL": stage.first.database, **stage.keys}
        await asyncio.to_thread(run, "backup.sh", "-", "-", *files[2:], **own)
        with fresh_database("greenroom_drawn_again") as again:
            place = tmp_path / "again"
            place.mkdir()
            house = House(place, again, stage.keys)
            await asyncio.to_thread(restore, house, files[0], *files[2:])
            await asyncio.to_thread(house.command, "replay_erasures", str(files[3]))
            read = await asyncio.to_thread(house.command, "shell", "-c", READ)
            assert "ROWS 0" in read
            assert CANARY not in read, "nor from a backup of before"

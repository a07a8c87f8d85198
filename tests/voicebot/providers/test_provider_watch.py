"""Addresses of providers that do not answer: named in /readyz, told once, and nobody waits for them."""

import asyncio
import contextlib
import http.server
import logging
import threading
import time

import aiohttp
import pytest

from sessions_app.database.threads import in_database
from tests.patience import PATIENCE_SECS
from tests.workers import free_port
from voicebot.models import ProviderProfile
from voicebot.providers.provider_watch import ProviderWatch, addresses, ask


class Refusing(http.server.BaseHTTPRequestHandler):
    """A server that wants a key: an answer all the same."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def answering(port: int):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


async def test_an_operators_first_mistake_is_named_and_stands_in_nobodys_way(own_server):
    port = free_port()
    began = time.monotonic()
    server = await asyncio.to_thread(
        own_server, LLM_PROVIDER="openai", OPENAI_BASE_URL=f"http://me:hush@127.0.0.1:{port}/v1"
    )
    assert time.monotonic() - began < 60

    async def ready() -> str:
        answer = await asyncio.to_thread(server.request, "/readyz")
        assert answer.status == 200
        return answer.body.decode()

    async with asyncio.timeout(PATIENCE_SECS):
        while f"http://127.0.0.1:{port}/v1 (llm) does not answer" not in await ready():
            await asyncio.sleep(0.2)
    assert "hush" not in await ready()
    await asyncio.sleep(6)  # two rounds, which are told once
    with answering(port):
        async with asyncio.timeout(PATIENCE_SECS):
            while await ready() != "ready\n":
                await asyncio.sleep(0.2)
    told = [line for line in server.words().splitlines() if f"127.0.0.1:{port}/v1" in line]
    assert [("does not answer" in line, "answers again" in line) for line in told] == [
        (True, False),
        (False, True),
    ], told
    assert "hush" not in server.words()


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


@pytest.mark.django_db(transaction=True)
async def test_whatever_an_address_does_is_one_line(settings, caplog, monkeypatch):
    monkeypatch.setattr("voicebot.providers.provider_watch.PROVIDER_PROBE_SECS", 0.3)
    deaf = await asyncio.start_server(silence, "127.0.0.1", 0)
    urls = {
        "stt": f"http://127.0.0.1:{deaf.sockets[0].getsockname()[1]}/v1",
        "llm": "http://no-such-host.invalid/v1",
        "tts": "http://[::1/v1",
    }
    settings.DEFAULT_PROVIDER = "openai"
    settings.OPENAI = {stage: {"base_url": url, "api_key": "hush"} for stage, url in urls.items()}
    watch = ProviderWatch()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            await watch.look()
    assert len(watch.unreachable()) == 3
    assert len(caplog.records) == 3
    assert "hush" not in caplog.text
    settings.DEFAULT_PROVIDER = "scripted"
    await watch.look()
    assert watch.unreachable() == [], "nobody uses them any more"
    deaf.close()


@pytest.mark.django_db(transaction=True)
async def test_every_place_where_an_address_may_stand_is_known(settings):
    settings.DEFAULT_PROVIDER = "scripted"
    settings.STAGE_PROVIDERS = {"stt": "openai", "llm": "some.Service", "tts": ""}
    settings.STAGE_FALLBACKS = {"stt": "", "llm": "openai", "tts": ""}
    settings.STAGE_OPTIONS = {"stt": {}, "llm": {"base_url": "http://dotted/v1"}, "tts": {}}
    settings.OPENAI = {
        "stt": {"base_url": "", "api_key": "k"},
        "llm": {"base_url": "http://fallback/v1", "api_key": ""},
        "tts": {"base_url": "http://unused/v1", "api_key": ""},
    }
    await in_database(
        ProviderProfile.objects.create,
        name="p",
        stage="tts",
        service="a.B",
        options={"base_url": "https://p/v1"},
    )
    assert await in_database(addresses) == {
        "https://api.openai.com/v1": ["stt"],
        "http://dotted/v1": ["llm"],
        "http://fallback/v1": ["llm"],
        "https://p/v1": ["tts"],
    }


async def test_any_answer_is_an_answer():
    port = free_port()
    with answering(port):
        await ask(f"http://127.0.0.1:{port}/v1/")
    with pytest.raises(aiohttp.ClientConnectorError):
        await ask(f"http://127.0.0.1:{port}/v1/")

"""A language model that another server of this machine has: found by its own answer, and never elsewhere."""

import asyncio
import contextlib
import threading
import time
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from characters.spec import CharacterSpec
from tests.patience import PATIENCE_SECS
from tests.visitors import Visitor, rtvi_message
from tests.voicebot.model_server import model_server
from tests.workers import free_port
from voicebot.providers import registry
from voicebot.providers.errors import ProviderError
from voicebot.providers.found import KNOWN, FoundServer, find, report
from voicebot.providers.found.provider import AGAIN_SECS, FoundProvider


@pytest.fixture
def spec():
    def make(**fields: object) -> CharacterSpec:
        return CharacterSpec(slug="marlow", name="Captain Marlow", **fields)  # type: ignore[arg-type]

    return make


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


def listing(owner: str, *names: object) -> dict:
    return {"object": "list", "data": [{"id": name, "object": "model", "owned_by": owner} for name in names]}


async def test_each_is_known_by_its_own_answer_wherever_it_runs():
    async with contextlib.AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(model_server()) for _ in range(5)]
        owners = ("vllm", "library", "organization_owner", "llamacpp", "somebody else")
        for server, owner in zip(servers, owners, strict=True):
            server.models = listing(owner, "nomic-embed-text", f"of-{owner}", "whisper-1", "BAAI/bge-m3")
        ports = {f"port {number}": port_of(server.url) for number, server in enumerate(servers)}
        found = await find({**ports, "nobody": free_port()}, secs=PATIENCE_SECS)
    assert [server.name for server in found] == [
        "vLLM",
        "Ollama",
        "LM Studio",
        "llama.cpp",
        "an OpenAI-compatible server",
    ]
    assert [server.models for server in found] == [(f"of-{owner}",) for owner in owners]
    assert [server.base_url for server in found] == [server.url for server in servers]


async def redirected() -> web.Response:
    raise web.HTTPFound("http://192.0.2.1/v1/models")


async def endless() -> web.Response:
    return web.Response(body=b'{"object": "list", "data": [' + b" " * (2 << 20) + b"]}")


async def nested() -> web.Response:
    return web.Response(body=b"[" * 900_000)


async def markup() -> web.Response:
    return web.Response(text="<html>Welcome to nginx!</html>", content_type="text/html")


async def refused() -> web.Response:
    return web.json_response({"error": "no key"}, status=401)


@pytest.mark.parametrize(
    "answer",
    [
        redirected,
        endless,
        nested,
        markup,
        refused,
        [],
        {"object": "list"},
        {"object": "list", "data": 7},
        {"data": []},
    ],
)
async def test_who_answers_otherwise_is_not_one(answer):
    async with model_server() as server:
        server.models = answer
        assert await find({"it": port_of(server.url)}, secs=PATIENCE_SECS) == []


async def test_what_is_no_name_of_a_model_is_left_out():
    async with model_server() as server:
        server.models = listing("library", 7, None, "", "\x1b[2Jgone", "x" * 5000, ["a"], "qwen3:8b")
        server.models["data"] += ["a text", None]
        (found,) = await find({"it": port_of(server.url)}, secs=PATIENCE_SECS)
    assert found.models == ("qwen3:8b",)


async def test_who_is_slow_holds_up_nobody():
    released = asyncio.Event()

    async def slow() -> web.Response:
        await released.wait()
        return web.json_response(listing("library", "late"))

    async with model_server() as late, model_server() as there:
        late.models = slow
        began = time.monotonic()
        found = await find({"late": port_of(late.url), "there": port_of(there.url)})
        assert [server.base_url for server in found] in ([there.url], [])  # [] on a machine that is very busy
        assert time.monotonic() - began < PATIENCE_SECS / 10
        released.set()


def test_only_loopback_is_asked_whatever_the_proxy(monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")

    async def ask() -> list[FoundServer]:
        async with model_server() as server:
            return await find({"it": port_of(server.url)}, secs=PATIENCE_SECS)

    assert len(asyncio.run(ask())) == 1
    assert set(KNOWN.values()) == {11434, 1234, 8080, 8000}


def test_the_report_names_models_and_the_line_that_keeps_one():
    servers = [
        FoundServer("Ollama", "http://127.0.0.1:11434/v1", tuple(f"m{number}" for number in range(7))),
        FoundServer("vLLM", "http://127.0.0.1:8000/v1", ()),
    ]
    assert report(servers) == [
        "Ollama at http://127.0.0.1:11434/v1 has m0, m1, m2, m3, m4 and 2 more",
        "vLLM at http://127.0.0.1:8000/v1 has no model that talks",
        "For good: LLM_PROVIDER=openai OPENAI_LLM_BASE_URL=http://127.0.0.1:11434/v1 OPENAI_LLM_MODEL=m0",
    ]
    odd = FoundServer("LM Studio", "http://127.0.0.1:1234/v1", ("it's; rm -rf",))
    assert report([odd])[-1].endswith("""OPENAI_LLM_MODEL='it'"'"'s; rm -rf'""")
    assert report([]) == []


class Machine:
    """What answers on this machine, by turns, and a clock that obeys."""

    def __init__(self, *servers: FoundServer) -> None:
        self.servers, self.now = list(servers), 0.0
        self.looked = threading.Semaphore(0)

    def find(self) -> list[FoundServer]:
        self.looked.release()
        return list(self.servers)

    def clock(self) -> float:
        return self.now


OLLAMA = FoundServer("Ollama", "http://127.0.0.1:11434/v1", ("qwen3:8b", "mistral"))


def test_a_character_gets_the_model_that_it_names_else_the_first(spec):
    machine = Machine(OLLAMA)
    provider = FoundProvider(machine.find, machine.clock)
    provider.look()
    assert provider.model(spec()).name == "qwen3:8b"
    assert provider.model(spec(llm_model="mistral")).name == "mistral"
    assert provider.llm(spec()).settings.model == "qwen3:8b"
    assert "qwen3:8b" in provider.problems("llm", spec(llm_model="gone"))["llm_model"]
    assert provider.address("llm") == OLLAMA.base_url


@pytest.mark.local
def test_the_local_model_thinks_until_somebody_is_there(spec):
    machine = Machine()
    provider = FoundProvider(machine.find, machine.clock)
    provider.look()
    assert machine.looked.acquire(timeout=PATIENCE_SECS)
    assert provider.model(spec()).name == "smollm2-135m"
    machine.servers.append(OLLAMA)
    assert provider.model(spec()).name == "smollm2-135m", "nobody waits for a look"
    machine.now += AGAIN_SECS
    provider.model(spec())
    assert machine.looked.acquire(timeout=PATIENCE_SECS)
    provider.look()
    assert provider.model(spec()).name == "qwen3:8b"


def test_ears_and_voice_are_not_found():
    assert "found" not in registry.built_in("stt")
    with pytest.raises(ProviderError, match="found is for the language model alone"):
        registry.factory("tts", "found")


@pytest.mark.long
async def test_a_visitor_talks_with_what_was_found(own_server):
    for port in KNOWN.values():
        try:
            async with model_server(port) as model:
                model.models = listing("library", "nomic-embed-text", "qwen3:8b")
                model.reply = "Found, and glad of it."
                server = await asyncio.to_thread(own_server, LLM_PROVIDER="found")
                url, _ = await asyncio.to_thread(server.start_session)
                async with Visitor(url) as visitor:
                    await visitor.get_ready()
                    await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
                    await visitor.socket.send(rtvi_message("send-text", {"content": "Who are you?"}))
                    async with asyncio.timeout(PATIENCE_SECS):
                        while not model.asked:
                            await asyncio.sleep(0.05)
                assert model.asked[0]["model"] == "qwen3:8b"
                log = server.words()
                assert f"Ollama at http://127.0.0.1:{port}/v1 has qwen3:8b" in log
                assert f"OPENAI_LLM_BASE_URL=http://127.0.0.1:{port}/v1 OPENAI_LLM_MODEL=qwen3:8b" in log
                return
        except OSError:  # somebody else has this port
            continue
    pytest.fail("each of these ports is taken on this machine")

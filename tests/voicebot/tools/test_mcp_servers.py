"""Servers that speak MCP: the official SDK's, in a process of its own, by each of its transports."""

import asyncio
import ipaddress
import json
import logging
import sys
from collections.abc import AsyncIterator

import pytest

from tests.voicebot.tools.harbour import PROGRAM, Harbour, pool
from voicebot.tools.mcp import Server, ServerAway, ServerRefused

pytestmark = pytest.mark.asyncio
HERE = [ipaddress.ip_network("127.0.0.1/32")]
TRANSPORTS = ("streamable-http", "old", "sse")


@pytest.fixture
async def harbour(request, tmp_path) -> AsyncIterator[Harbour]:
    made = Harbour(getattr(request, "param", "streamable-http"), tmp_path)
    await made.begin()
    yield made
    await made.kill()


def at(harbour: Harbour, **more) -> Server:
    return Server("harbour", "sse" if harbour.transport == "sse" else "http", harbour.url, **more)


def by_stdio(**more) -> Server:
    return Server("harbour", "stdio", command=[sys.executable, str(PROGRAM), "stdio"], **more)


@pytest.mark.parametrize("harbour", TRANSPORTS, indirect=True)
async def test_a_tool_is_called_and_answers_data(harbour):
    async with pool(networks=HERE) as servers:
        answer = await servers.call(at(harbour), "tide", {"place": "Oslo", "days": 2})
        assert answer == {"place": "Oslo", "days": 2, "unit": "feet", "tenant": "nobody", "high": "noon"}
        assert (
            await servers.call(at(harbour), "berths", {"guests": [{"name": "Ada", "berth": 3}]}) == "Ada: 3"
        )
        listed = {tool.name: tool for tool in await servers.listed(at(harbour))}
        assert listed["tide"].schema["required"] == ["place"]


async def test_one_is_started_here_and_stops_with_its_connection():
    async with pool() as servers:
        assert (await servers.call(by_stdio(), "tide", {"place": "Oslo"}))["place"] == "Oslo"
        assert {tool.name for tool in await servers.listed(by_stdio())} >= {"tide", "crane"}


async def test_calls_share_one_connection(harbour):
    async with pool(networks=HERE) as servers:
        calls = [servers.call(at(harbour), "tide", {"place": str(number)}) for number in range(20)]
        assert [answer["place"] for answer in await asyncio.gather(*calls)] == [str(n) for n in range(20)]
        assert len(servers._connections) == 1


@pytest.mark.parametrize("harbour", TRANSPORTS, indirect=True)
async def test_one_that_is_killed_in_mid_call_is_away_at_once_and_the_next_call_works(harbour):
    async with pool(networks=HERE) as servers:
        assert await servers.call(at(harbour), "tide", {"place": "Oslo"})
        call = asyncio.create_task(servers.call(at(harbour), "crane", {}))
        await harbour.has_noted("crane begun")
        await harbour.kill()
        with pytest.raises(ServerAway):
            async with asyncio.timeout(20):
                await call
        with pytest.raises(ServerAway):
            await servers.call(at(harbour), "tide", {"place": "Oslo"})
        await harbour.begin()
        assert (await servers.call(at(harbour), "tide", {"place": "Bergen"}))["place"] == "Bergen"
        assert harbour.noted.count("crane begun") == 1, "what may have run is not called again"


@pytest.mark.parametrize("harbour", TRANSPORTS, indirect=True)
async def test_one_that_was_restarted_between_two_calls_is_called_without_a_word(harbour):
    async with pool(networks=HERE) as servers:
        assert await servers.call(at(harbour), "tide", {"place": "Oslo"})
        await harbour.kill()
        await harbour.begin()
        assert (await servers.call(at(harbour), "tide", {"place": "Bergen"}))["place"] == "Bergen"


async def test_a_call_that_is_given_up_leaves_the_others_alone(harbour):
    async with pool(networks=HERE) as servers:
        call = asyncio.create_task(servers.call(at(harbour), "crane", {}))
        await harbour.has_noted("crane begun")
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await servers.call(at(harbour), "tide", {"place": "Oslo"}))["place"] == "Oslo"


@pytest.mark.parametrize("harbour", TRANSPORTS, indirect=True)
async def test_five_megabytes_are_refused(harbour):
    async with pool(networks=HERE) as servers:
        with pytest.raises((ServerRefused, ServerAway)):
            async with asyncio.timeout(20):
                await servers.call(at(harbour), "flood", {})
        assert (await servers.call(at(harbour), "tide", {"place": "Oslo"}))["place"] == "Oslo"


async def test_a_failure_has_the_servers_words_apart(harbour):
    async with pool(networks=HERE) as servers:
        with pytest.raises(ServerRefused) as refused:
            await servers.call(at(harbour), "wreck", {})
        assert "mast" in refused.value.words
        assert "mast" not in str(refused.value)
        with pytest.raises(ServerRefused):
            await servers.call(at(harbour), "nothing", {})


async def test_headers_go_with_every_request(harbour):
    async with pool(networks=HERE) as servers:
        assert await servers.call(at(harbour, headers={"X-Gate": "swordfish"}), "gate", {}) == "swordfish"
        assert await servers.call(at(harbour, headers={"X-Gate": "another"}), "gate", {}) == "another"


async def test_no_server_of_the_house_is_reached_but_those_that_may(harbour):
    for networks in ([], [ipaddress.ip_network("10.0.0.0/8")]):
        async with pool(networks=networks) as servers:
            with pytest.raises(ServerAway):
                await servers.call(at(harbour), "tide", {"place": "Oslo"})
    assert not harbour.noted


async def test_a_name_is_judged_by_where_it_leads(harbour):
    async def inside(host, port, _family=0):
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 6, "flags": 0}]

    named = Server("harbour", "http", f"http://harbour.example:{harbour.port}/mcp")
    async with pool(networks=[], lookup=inside) as servers:
        with pytest.raises(ServerAway):
            await servers.call(named, "tide", {"place": "Oslo"})
    assert not harbour.noted


async def test_nothing_that_was_said_is_in_the_log(harbour, caplog):
    with caplog.at_level(logging.INFO):
        async with pool(networks=HERE) as servers:
            await servers.call(at(harbour), "tide", {"place": "zanzibarquince"})
            with pytest.raises(ServerRefused):
                await servers.call(at(harbour), "tide", {"place": ["zanzibarquince"]})
    ours = [record for record in caplog.records if not record.name.startswith(("mcp", "client", "httpx"))]
    assert "zanzibarquince" not in json.dumps([record.getMessage() for record in ours])

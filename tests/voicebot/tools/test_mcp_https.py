"""Servers that speak MCP over HTTPS, with a certificate authority of the tests' own."""

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scripts import lan
from tests.voicebot.tools.harbour import Harbour, pool
from voicebot.tools.mcp import Server, ServerAway

pytestmark = pytest.mark.asyncio
ADDRESS = ipaddress.ip_address("127.0.0.1")
HERE = [ipaddress.ip_network("127.0.0.1/32")]
GATE = {"X-Gate": "swordfish"}


def issued(folder: Path, hosts: list[str], addresses: list) -> tuple[Path, Path]:
    """A certificate and its key, by an authority of this folder: its certificate is `ca.crt`."""
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lan, "PLACE", folder)
        return lan.certificate_for(hosts, addresses)


@contextlib.asynccontextmanager
async def behind_tls(
    transport: str, folder: Path, hosts: list[str], addresses: list
) -> AsyncIterator[Harbour]:
    harbour = Harbour(transport, folder, issued(folder / "tls", hosts, addresses))
    await harbour.begin()
    try:
        yield harbour
    finally:
        await harbour.kill()


def server(harbour: Harbour, host: str) -> Server:
    transport = "sse" if harbour.transport.endswith("sse") else "http"
    return Server("harbour", transport, harbour.at(host), headers=GATE)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("transport", ["tls", "tls-sse"])
async def test_a_tool_is_called_where_the_certificate_is_the_servers(tmp_path, monkeypatch, transport, host):
    async with behind_tls(transport, tmp_path, ["localhost"], [ADDRESS]) as harbour:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls" / "ca.crt"))
        async with pool(networks=HERE, lookup=here) as servers:
            assert (await servers.call(server(harbour, host), "tide", {"place": "Oslo"}))["place"] == "Oslo"
            assert await servers.call(server(harbour, host), "gate", {}) == "swordfish"
            await harbour.kill()
            await harbour.begin()
            again = await servers.call(server(harbour, host), "tide", {"place": "Bergen"})
            assert again["place"] == "Bergen"


async def here(host: str, port: int) -> list:
    return [{"hostname": host, "host": str(ADDRESS), "port": port, "family": 2, "proto": 0, "flags": 0}]


@pytest.mark.parametrize("transport", ["tls", "tls-sse"])
@pytest.mark.parametrize("wrong", ["an authority that nobody trusts", "another authority", "another name"])
async def test_a_wrong_certificate_is_refused_and_nothing_is_asked(tmp_path, monkeypatch, transport, wrong):
    addresses = [] if wrong == "another name" else [ADDRESS]
    async with behind_tls(transport, tmp_path, ["harbour.local"], addresses) as harbour:
        trusted = tmp_path / ("other" if wrong == "another authority" else "tls")
        issued(trusted, ["harbour.local"], addresses)
        if wrong != "an authority that nobody trusts":
            monkeypatch.setenv("SSL_CERT_FILE", str(trusted / "ca.crt"))
        async with pool(networks=HERE, lookup=here) as servers:
            for host in ("127.0.0.1", "localhost"):
                with pytest.raises(ServerAway):
                    async with asyncio.timeout(30):
                        await servers.call(server(harbour, host), "tide", {"place": "Oslo"})
        assert harbour.noted == []


async def test_a_certificate_of_its_address_is_none_of_its_name(tmp_path, monkeypatch):
    async with behind_tls("tls", tmp_path, ["harbour.local"], [ADDRESS]) as harbour:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls" / "ca.crt"))
        async with pool(networks=HERE, lookup=here) as servers:
            assert await servers.call(server(harbour, "127.0.0.1"), "tide", {"place": "Oslo"})
            with pytest.raises(ServerAway):
                await servers.call(server(harbour, "localhost"), "tide", {"place": "Oslo"})

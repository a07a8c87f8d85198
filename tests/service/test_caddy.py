"""deploy/Caddyfile as it is, but for the name of what is behind it: a socket and a call come through."""

import asyncio
import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.callers import Caller, way_in
from tests.patience import PATIENCE_SECS
from tests.servers import ROOT, Server
from tests.visitors import Visitor
from tests.workers import free_port

CADDY = shutil.which("caddy")
pytestmark = pytest.mark.skipif(not CADDY, reason="Caddy is not installed")


class Behind(Server):
    """What visitors ask: the proxy in front of a server."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.proxy_port}"

    proxy_port = 0


@contextlib.contextmanager
def caddy(server: Server, place: Path) -> Iterator[Behind]:
    proxied = Behind.known(server.about)
    proxied.proxy_port = free_port()
    said = (ROOT / "deploy" / "Caddyfile").read_text()
    assert "dynamic a web 8000" in said
    config = place / "Caddyfile"
    admin = "{\n\tadmin off\n}\n"
    config.write_text(admin + said.replace("dynamic a web 8000", f"dynamic a localhost {server.port}"))
    environment = {
        **os.environ,
        "SITE": proxied.url,
        "XDG_DATA_HOME": str(place),
        "XDG_CONFIG_HOME": str(place),
    }
    command = [str(CADDY), "run", "--adapter", "caddyfile", "--config", str(config)]
    with (place / "caddy.log").open("w") as log:
        running = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield proxied
    finally:
        running.terminate()
        running.wait(10)


async def answered(proxied: Behind) -> None:
    """Waits until the proxy is there."""
    async with asyncio.timeout(PATIENCE_SECS):
        while True:
            with contextlib.suppress(OSError):
                return (await asyncio.to_thread(urlopen, f"{proxied.url}/healthz", timeout=5)).close()
            await asyncio.sleep(0.2)


async def test_a_socket_and_a_call_come_through_caddy_with_the_visitors_address(own_server, tmp_path):
    server = await asyncio.to_thread(own_server, CLIENT_ADDRESS_HEADER="X-Forwarded-For")
    with caddy(server, tmp_path) as proxied:
        await answered(proxied)
        url, _ = await asyncio.to_thread(proxied.start_session)
        assert f":{proxied.proxy_port}/" in url
        async with Visitor(url) as visitor:
            await visitor.get_ready()
            await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
        way, _ = await asyncio.to_thread(way_in, proxied)
        assert f":{proxied.proxy_port}/" in way["webrtcRequestParams"]["endpoint"]
        async with Caller(proxied, way) as caller:
            await caller.greeted()
            assert caller.audible_at
        refused = await asyncio.to_thread(proxied.request, "/metrics")
        assert refused.status == 404

"""coturn, where it is installed: a TURN server of a test's own."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE_SECS
from tests.workers import free_port
from voicebot.transport.webrtc.network import outgoing


@contextlib.contextmanager
def turn_server(place: Path, *more: str, at: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """One at an address of this machine, by UDP and TCP, with the shared secret `north`; its port."""
    turnserver = shutil.which("turnserver")
    if not turnserver:
        pytest.skip("coturn is not installed")
    port = port or free_port()
    address = (outgoing() or ["127.0.0.1"])[0] if at == "127.0.0.1" else at
    command = f"""{turnserver} -n --no-dtls --no-cli --realm=test --use-auth-secret
        --static-auth-secret=north --listening-ip={at} --relay-ip={address} --listening-port={port}
        --allow-loopback-peers --log-file=stdout --pidfile={place}/pid --userdb={place}/db"""
    options = more or ("--no-tls",)
    with (place / "coturn.log").open("w") as log:
        running = subprocess.Popen([*command.split(), *options], stdout=log, stderr=log, cwd=place)
    try:
        until = time.monotonic() + PATIENCE_SECS
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection((at, port), 1):
                break
            time.sleep(0.1)
        else:
            pytest.fail(f"coturn does not listen: {(place / 'coturn.log').read_text()[-2000:]}")
        yield port
    finally:
        running.terminate()
        running.wait(10)

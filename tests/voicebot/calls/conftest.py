"""A TURN server, where one is installed."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.workers import free_port
from voicebot.transport.webrtc.network import outgoing


@pytest.fixture
def coturn(tmp_path) -> Iterator[int]:
    """coturn with a shared secret, on loopback."""
    turnserver = shutil.which("turnserver")
    if not turnserver:
        pytest.skip("coturn is not installed")
    port, address = free_port(), (outgoing() or ["127.0.0.1"])[0]
    command = f"""{turnserver} -n --no-tls --no-dtls --no-cli --realm=test --use-auth-secret
        --static-auth-secret=north --listening-ip=127.0.0.1 --relay-ip={address} --listening-port={port}
        --allow-loopback-peers --log-file=stdout --pidfile={tmp_path}/pid --userdb={tmp_path}/db"""
    with (tmp_path / "log").open("w") as log:
        running = subprocess.Popen(command.split(), stdout=log, stderr=log, cwd=tmp_path)
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
        yield port
    finally:
        running.terminate()
        running.wait(10)

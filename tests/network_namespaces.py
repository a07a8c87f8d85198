"""Two Linux network namespaces of a test's own, with a line between them that can be cut.

Needs root and iproute2.
"""

import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

CLONE_NEWNET = 0x40000000  # from linux/sched.h
SERVER, CLIENT = "198.18.0.1", "198.18.0.2"  # RFC 2544: for tests of networks
WHY_NOT = "needs root and iproute2: network namespaces of its own"


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextlib.contextmanager
def entered(name: str) -> Iterator[None]:
    """What this thread makes meanwhile, sockets and processes alike, belongs to the namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open() as before, Path(f"/run/netns/{name}").open() as there:

        def enter(namespace: int) -> None:
            if libc.setns(namespace, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")

        enter(there.fileno())
        try:
            yield
        finally:
            enter(before.fileno())


class Line:
    """A server's namespace, a client's, and the line between them."""

    def __init__(self) -> None:
        self.server, self.client = (f"greenroom-{side}-{os.getpid()}" for side in ("server", "client"))
        self._devices = {self.server: (f"gs{os.getpid()}", SERVER), self.client: (f"gc{os.getpid()}", CLIENT)}

    def make(self) -> None:
        for name in self._devices:
            _ip("netns", "add", name)
        (ours, _), (theirs, _) = self._devices.values()
        _ip(
            "link",
            "add",
            ours,
            "netns",
            self.server,
            "type",
            "veth",
            "peer",
            "name",
            theirs,
            "netns",
            self.client,
        )
        for name, (device, address) in self._devices.items():
            _ip("-n", name, "addr", "add", f"{address}/30", "dev", device)
            for each in ("lo", device):
                _ip("-n", name, "link", "set", each, "up")

    def connect(self, port: int) -> socket.socket:
        """A client's connection to the server."""
        with entered(self.client):
            return socket.create_connection((SERVER, port), timeout=10)

    def cut(self) -> None:
        """From now on nothing of the client's reaches the server: no word, and no acknowledgement."""
        _ip("-n", self.client, "route", "add", "blackhole", f"{SERVER}/32")

    def remove(self) -> None:
        for name in self._devices:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    if os.geteuid() or not shutil.which("ip"):
        pytest.skip(WHY_NOT)
    try:
        made.make()
    except subprocess.CalledProcessError as error:
        made.remove()
        pytest.skip(f"{WHY_NOT} ({error.stderr.decode().strip()})")
    try:
        yield made
    finally:
        made.remove()

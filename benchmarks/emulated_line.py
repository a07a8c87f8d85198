"""Two network namespaces and a line between them with a delay, losses and a rate, emulated packet by packet.

As `tc netem` does it, for kernels that have none: two TUN devices, and this process carries packets between
them.
Needs root, iproute2 and /dev/net/tun.
"""

import fcntl
import heapq
import itertools
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.network_namespaces import CLIENT, SERVER, entered

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
PACKET = 65536  # bytes that are read at once at most
CONGESTION = Path("/proc/sys/net/ipv4/tcp_congestion_control")  # of the namespace
QUEUE_SECS = 1.0  # that packets wait for a line that is busy; then they are dropped, as routers do


@dataclass(frozen=True)
class Quality:
    """Of a line, in each direction."""

    name: str
    delay_secs: float = 0.0
    loss: float = 0.0
    kbit_per_sec: float = float("inf")
    udp: bool = True  # whether its packets come through


@dataclass
class Direction:
    """What is on its way in one direction."""

    free_at: float = 0.0  # when the line has carried what it was given
    on_the_way: list[tuple[float, int, bytes]] = field(default_factory=list)


class EmulatedLine:
    """`with EmulatedLine() as line`: namespaces `server` and `client`, and a `quality` that may change.

    `congestion` is the congestion control of both ends; the system's own unless it is named.
    """

    def __init__(self, congestion: str = "") -> None:
        self._congestion = congestion
        self.server, self.client = (f"greenroom-{side}-{os.getpid()}" for side in ("server", "client"))
        self.quality = Quality("clean")
        self._random = random.Random(7)  # noqa: S311  (the same losses each time)
        self._count = itertools.count()
        self._stop = threading.Event()

    def __enter__(self) -> "EmulatedLine":
        self._ends = [self._make(self.server, SERVER), self._make(self.client, CLIENT)]
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for end in self._ends:
            os.close(end)
        for name in (self.server, self.client):
            subprocess.run(["ip", "netns", "del", name], check=False)  # noqa: S607

    def _make(self, name: str, address: str) -> int:
        """A namespace, and the end of the line in it."""
        subprocess.run(["ip", "netns", "add", name], check=True)  # noqa: S607
        with entered(name):
            end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH", b"line", IFF_TUN | IFF_NO_PI))
            for words in (
                ["ip", "addr", "add", f"{address}/30", "dev", "line"],
                ["ip", "link", "set", "lo", "up"],
                ["ip", "link", "set", "line", "up"],
            ):
                subprocess.run(words, check=True)
            if self._congestion:
                CONGESTION.write_text(self._congestion)
            self.congestion = CONGESTION.read_text().strip()
        return end

    def _carry(self) -> None:
        ways = {self._ends[0]: Direction(), self._ends[1]: Direction()}
        other = dict(zip(self._ends, reversed(self._ends), strict=True))
        while not self._stop.is_set():
            due = min((way.on_the_way[0][0] for way in ways.values() if way.on_the_way), default=float("inf"))
            wait = min(0.05, max(0.0, due - time.monotonic()))
            for end in select.select(self._ends, [], [], wait)[0]:
                self._take(os.read(end, PACKET), ways[end])
            now = time.monotonic()
            for end, way in ways.items():
                while way.on_the_way and way.on_the_way[0][0] <= now:
                    os.write(other[end], heapq.heappop(way.on_the_way)[2])

    def _take(self, packet: bytes, way: Direction) -> None:
        quality, now = self.quality, time.monotonic()
        if not quality.udp and packet[9] == socket.IPPROTO_UDP:  # RFC 791: IPv4
            return
        if self._random.random() < quality.loss or way.free_at - now > QUEUE_SECS:
            return
        way.free_at = max(way.free_at, now) + len(packet) * 8 / (quality.kbit_per_sec * 1000)
        heapq.heappush(way.on_the_way, (way.free_at + quality.delay_secs, next(self._count), packet))

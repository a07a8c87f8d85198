"""A crowd of visitors who talk in real time, and what they notice; the load of `benchmarks.stage`.

Each one sends a second of silence, a sentence, five seconds of silence, and again. The latency of a turn runs
from the moment its last sample was due to the first audible sample that comes back.
"""

import asyncio
import json
import time
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psutil
import websockets
from pipecat.frames.protobufs import frames_pb2

from tests.visitors import AUDIBLE, CHUNK, RATE_HZ, audio_message, rtvi_message, speech

STAGGER_SECS = 0.15  # between arrivals
SETTLE_SECS = 2.0  # after the last arrival, before anything is counted


@dataclass
class Tally:
    """What the whole crowd noticed, in seconds."""

    latency: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    turns: int = 0
    own_delay_ms: list[float] = field(default_factory=list)  # of the crowd's own event loop


def script() -> list[tuple[str, list[bytes]]]:
    """The packets of one round, built once for all visitors."""
    parts = (
        ("before", np.zeros(RATE_HZ, np.int16)),
        ("speech", speech()),
        ("after", np.zeros(5 * RATE_HZ, np.int16)),
    )
    return [
        (name, [audio_message(pcm[at : at + CHUNK]) for at in range(0, len(pcm) - CHUNK, CHUNK)])
        for name, pcm in parts
    ]


def loud(pcm: bytes) -> bool:
    return bool(np.abs(np.frombuffer(pcm, np.int16)).max(initial=0) > AUDIBLE)


class Guest:
    def __init__(self, tally: Tally, packets: list[tuple[str, list[bytes]]]):
        self.tally, self.packets = tally, packets
        self.asked_at: float | None = None
        self.ready = False

    async def listen(self, socket: Any, connected_at: float) -> None:
        async for data in socket:
            frame = frames_pb2.Frame.FromString(data)
            kind = frame.WhichOneof("frame")
            if kind == "message" and not self.ready:
                if json.loads(frame.message.data).get("type") == "bot-ready":
                    self.ready = True
                    self.tally.ready.append(time.perf_counter() - connected_at)
            elif kind == "audio" and self.asked_at is not None and loud(frame.audio.audio):
                self.tally.latency.append(time.perf_counter() - self.asked_at)
                self.asked_at = None

    async def talk(self, url: str, secs: float, delay: float) -> None:
        await asyncio.sleep(delay)
        connected_at = time.perf_counter()
        async with websockets.connect(url, compression=None, max_size=None, open_timeout=30) as socket:
            await socket.send(
                rtvi_message("client-ready", {"version": "2.0.0", "about": {"library": "crowd"}})
            )
            ear = asyncio.create_task(self.listen(socket, connected_at))
            due = time.perf_counter()
            until = due + secs
            try:
                while due < until:
                    for part, messages in self.packets:
                        if part == "before":
                            self.asked_at = None
                        elif part == "after":
                            self.asked_at = due
                            self.tally.turns += 1
                        for message in messages:
                            await socket.send(message)
                            due += CHUNK / RATE_HZ
                            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            finally:
                ear.cancel()


def usage(pid: int) -> tuple[float, float]:
    """CPU seconds so far and resident megabytes of a process and its children."""
    parent = psutil.Process(pid)
    family = [parent, *parent.children(recursive=True)]
    return (
        sum(sum(process.cpu_times()[:2]) for process in family),
        sum(process.memory_info().rss for process in family) / 2**20,
    )


def way_in(start: str, character: str) -> str:
    body = json.dumps({"transport": "websocket", "body": {"character": character}}).encode()
    request = urllib.request.Request(start, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        answer = json.load(response)
    return f"{answer['wsUrl']}?token={answer['token']}"


async def _own_delay(tally: Tally) -> None:
    while True:
        due = time.perf_counter() + 0.1
        await asyncio.sleep(0.1)
        tally.own_delay_ms.append((time.perf_counter() - due) * 1000)


async def visit(
    n: int, secs: float, pid: int, *, ws: str = "", start: str = "", probe: str = ""
) -> dict[str, Any]:
    """What a crowd of `n` notices in `secs`, and what the server of `pid` uses meanwhile."""
    tally, packets = Tally(), script()
    _, memory_before = usage(pid)
    urls = [ws or await asyncio.to_thread(way_in, start, "captain-marlow") for _ in range(n)]
    watching = asyncio.create_task(_own_delay(tally))
    guests = [
        asyncio.create_task(Guest(tally, packets).talk(url, secs, number * STAGGER_SECS))
        for number, url in enumerate(urls)
    ]
    await asyncio.sleep(n * STAGGER_SECS + SETTLE_SECS)
    if probe:
        await asyncio.to_thread(urllib.request.urlopen, probe)
    (cpu_from, _), from_at = usage(pid), time.perf_counter()
    await asyncio.sleep(max(2.0, secs - n * STAGGER_SECS - 2 * SETTLE_SECS))
    (cpu_to, memory), to_at = usage(pid), time.perf_counter()
    loop = json.load(await asyncio.to_thread(urllib.request.urlopen, probe)) if probe else {}
    failures = [repr(r) for r in await asyncio.gather(*guests, return_exceptions=True) if r is not None]
    watching.cancel()

    def share(values: list[float], part: float) -> float | None:
        return round(sorted(values)[min(len(values) - 1, int(len(values) * part))], 3) if values else None

    return {
        "sessions": n,
        "cpu_per_session": round((cpu_to - cpu_from) / (to_at - from_at) / n, 4),
        "memory_per_session_mb": round((memory - memory_before) / n, 2),
        "turns": tally.turns,
        "answered": len(tally.latency),
        "latency_p50": share(tally.latency, 0.5),
        "latency_p95": share(tally.latency, 0.95),
        "ready_p50": share(tally.ready, 0.5),
        "loop_ms": loop,
        "crowd_delay_p99_ms": share(tally.own_delay_ms, 0.99),
        "failures": failures[:3],
    }

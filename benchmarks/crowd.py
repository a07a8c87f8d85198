"""A crowd of visitors who talk in real time, and what they notice; the load of `benchmarks.stage`.

Each one sends a second of silence, a sentence, five seconds of silence, and again. The latency of a turn runs
from the moment its last sample was due to the first audible sample that comes back.
"""

import asyncio
import itertools
import json
import statistics
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psutil
import websockets
from pipecat.frames.protobufs import frames_pb2

from tests.visitors import AUDIBLE, CHUNK, RATE_HZ, audio_message, rtvi_message, speech

STAGGER_SECS = 0.15  # between arrivals
REPLY_PACKETS = 12  # 0.4 s of the reply are heard before the visitor speaks over it
SETTLE_SECS = 2.0  # after the last arrival, before anything is counted


@dataclass
class Tally:
    """What the whole crowd noticed, in seconds."""

    latency: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    turns: int = 0
    stages: list[dict[str, int]] = field(default_factory=list)  # of Greenroom's `latency` messages
    own_delay_ms: list[float] = field(default_factory=list)  # of the crowd's own event loop


# What a visitor asks of a sailor: other questions, other replies.
QUESTIONS = (
    "How long have you been a sailor?",
    "What do you eat on your ship?",
    "Are you ever afraid of a storm?",
    "Which harbor do you like best?",
    "Where did you learn to tie your knots?",
    "Do you have a family at home?",
    "What was the name of your first ship?",
    "What would you do with a chest of gold?",
)
Round = list[tuple[str, list[bytes]]]


def questions() -> list[Round]:
    """A round for each question, in a voice of this machine, which end as the recorded sentence does."""
    from tests.piper_speech import spoken  # the voice's packages are wanted here alone

    def end(pcm: np.ndarray) -> int:
        return int(np.flatnonzero(np.abs(pcm.astype(np.int32)) > AUDIBLE)[-1])

    fades = len(speech()) - end(speech())
    return [script(pcm[: end(pcm) + fades]) for pcm in map(spoken, QUESTIONS)]


def parts(said: np.ndarray | None = None) -> list[tuple[str, np.ndarray]]:
    """What a visitor sends in one round, mono int16 PCM at 16 kHz: silence, what is said, silence."""
    return [
        ("before", np.zeros(RATE_HZ, np.int16)),
        ("speech", speech() if said is None else said),
        ("after", np.zeros(5 * RATE_HZ, np.int16)),
    ]


def script(said: np.ndarray | None = None) -> Round:
    """The packets of one round, built once for all visitors; what is said is mono int16 PCM at 16 kHz."""
    return [
        (name, [audio_message(pcm[at : at + CHUNK]) for at in range(0, len(pcm) - CHUNK, CHUNK)])
        for name, pcm in parts(said)
    ]


def onset() -> int:
    """The sample of the sentence at which its first syllable begins."""
    return int(np.argmax(np.abs(speech().astype(np.int32)) > AUDIBLE))


def loud(pcm: bytes) -> bool:
    return bool(np.abs(np.frombuffer(pcm, np.int16)).max(initial=0) > AUDIBLE)


class LiveConnection:
    def __init__(self, tally: Tally, *rounds: Round):
        self.tally, self.rounds = tally, rounds
        self.asked_at: float | None = None
        self.ready = False
        self.plays_until = 0.0  # when the last of the character's voice that came has been played
        self.interrupted_at: float | None = None
        self.audible = asyncio.Event()

    async def listen(self, socket: Any, connected_at: float) -> None:
        async for data in socket:
            frame = frames_pb2.Frame.FromString(data)
            kind = frame.WhichOneof("frame")
            if kind == "message":
                self.read(json.loads(frame.message.data), connected_at)
            elif kind == "interruption":
                self.fall_silent()
            elif kind == "audio":
                self.hear(frame.audio)

    def fall_silent(self) -> None:
        """A page drops what it holds, whether the voice is only held or interrupted."""
        now = time.perf_counter()
        self.plays_until = min(self.plays_until, now)
        self.interrupted_at = self.interrupted_at or now

    def read(self, message: dict[str, Any], connected_at: float) -> None:
        if message.get("type") == "bot-ready" and not self.ready:
            self.ready = True
            self.tally.ready.append(time.perf_counter() - connected_at)
        data = message.get("data")
        if isinstance(data, dict) and data.get("type") == "voice-held" and data["held"]:
            self.fall_silent()
        if isinstance(data, dict) and data.get("type") == "latency":
            self.tally.stages.append({name: ms for name, ms in data.items() if name.endswith("Ms")})

    def hear(self, audio: Any) -> None:
        now = time.perf_counter()
        if not loud(audio.audio):
            return
        self.plays_until = max(self.plays_until, now) + len(audio.audio) / 2 / audio.sample_rate
        self.audible.set()
        if self.asked_at is not None:
            self.tally.latency.append(now - self.asked_at)
            self.asked_at = None

    @asynccontextmanager
    async def connected(self, url: str) -> AsyncIterator[Any]:
        connected_at = time.perf_counter()
        async with websockets.connect(url, compression=None, max_size=None, open_timeout=30) as socket:
            await socket.send(
                rtvi_message("client-ready", {"version": "2.0.0", "about": {"library": "crowd"}})
            )
            ear = asyncio.create_task(self.listen(socket, connected_at))
            try:
                yield socket
            finally:
                ear.cancel()

    async def talk(self, url: str, secs: float, delay: float) -> None:
        await asyncio.sleep(delay)
        async with self.connected(url) as socket:
            due = time.perf_counter()
            until = due + secs
            for packets in itertools.cycle(self.rounds):
                if due >= until:
                    break
                for part, messages in packets:
                    if part == "before":
                        self.asked_at = None
                    elif part == "after":
                        self.asked_at = due
                        self.tally.turns += 1
                    due = await self.send(socket, messages, due)

    async def send(self, socket: Any, messages: list[bytes], due: float) -> float:
        """Sends packets at the speed of speech, the first at `due`; when the next one is due."""
        for message in messages:
            await socket.send(message)
            due += CHUNK / RATE_HZ
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        return due

    async def speak_over(self, url: str, times: int) -> list[float]:
        """Speaks into the character's reply; the seconds from the first syllable until the voice is gone."""
        (_, before), (_, question), (_, after) = self.rounds[0]
        found = []
        async with self.connected(url) as socket:
            due = await self.send(socket, before, time.perf_counter())
            for _ in range(times):
                due = await self.send(socket, question, due)
                self.audible.clear()
                for message in after:
                    due = await self.send(socket, [message], due)
                    if self.audible.is_set():
                        break
                else:
                    continue  # no reply: nothing to speak over
                due = await self.send(socket, after[:REPLY_PACKETS], due)
                began, self.interrupted_at = due + onset() / RATE_HZ, None
                due = await self.send(socket, question, due)
                found.append((self.interrupted_at or self.plays_until) - began)
                due = await self.send(socket, after[: len(after) * 4 // 5], due)
        return found


def usage(pid: int) -> tuple[float, float]:
    """CPU seconds so far and resident megabytes of a process and its children."""
    parent = psutil.Process(pid)
    family = [parent, *parent.children(recursive=True)]
    return (
        sum(sum(process.cpu_times()[:2]) for process in family),
        sum(process.memory_info().rss for process in family) / 2**20,
    )


def post(url: str, body: dict[str, Any], cookie: str = "") -> dict[str, Any]:
    headers = {"Content-Type": "application/json", **({"Cookie": cookie} if cookie else {})}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        found: dict[str, Any] = json.load(response)
    return found


def way_in(start: str, character: str, cookie: str = "") -> str:
    answer = post(start, {"transport": "websocket", "body": {"character": character}}, cookie)
    return f"{answer['wsUrl']}?token={answer['token']}"


async def _own_delay(tally: Tally) -> None:
    while True:
        due = time.perf_counter() + 0.1
        await asyncio.sleep(0.1)
        tally.own_delay_ms.append((time.perf_counter() - due) * 1000)


async def speak_over(times: int, *, ws: str = "", start: str = "") -> list[float]:
    """As `LiveConnection.speak_over`, for one visitor alone."""
    url = ws or await asyncio.to_thread(way_in, start, "captain-marlow")
    return await LiveConnection(Tally(), script()).speak_over(url, times)


async def visit(
    n: int,
    secs: float,
    pid: int,
    *,
    ws: str = "",
    start: str = "",
    probe: str = "",
    cookies: Sequence[str] = (),
    character: str = "captain-marlow",
    rounds: Sequence[Round] = (),
    come: Callable[[str, str, str], str] = way_in,
    visitor: type[LiveConnection] = LiveConnection,
) -> dict[str, Any]:
    """What a crowd of `n` notices in `secs`, and what the server of `pid` uses meanwhile.

    `cookies` are of visitors who have been there before. Each begins with another one of `rounds`, if given.
    By another line than a WebSocket, `come` and `visitor` are those of that line.
    """
    tally, rounds = Tally(), list(rounds) or [script()]
    _, memory_before = usage(pid)
    known = [*cookies, *[""] * n][:n]
    urls = [ws or await asyncio.to_thread(come, start, character, cookie) for cookie in known]
    watching = asyncio.create_task(_own_delay(tally))
    connections = [
        asyncio.create_task(visitor(tally, *rounds[at:], *rounds[:at]).talk(url, secs, number * STAGGER_SECS))
        for number, url in enumerate(urls)
        for at in [number % len(rounds)]
    ]
    await asyncio.sleep(n * STAGGER_SECS + SETTLE_SECS)
    if probe:
        await asyncio.to_thread(urllib.request.urlopen, probe)
    (cpu_from, _), from_at = usage(pid), time.perf_counter()
    crowd_from = time.process_time()
    await asyncio.sleep(max(2.0, secs - n * STAGGER_SECS - 2 * SETTLE_SECS))
    (cpu_to, memory), to_at = usage(pid), time.perf_counter()
    crowd_to = time.process_time()
    loop = json.load(await asyncio.to_thread(urllib.request.urlopen, probe)) if probe else {}
    failures = [repr(r) for r in await asyncio.gather(*connections, return_exceptions=True) if r is not None]
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
        "stages_ms": {
            name: round(statistics.median(stages[name] for stages in tally.stages))
            for name in (tally.stages[0] if tally.stages else ())
        },
        "ready_p50": share(tally.ready, 0.5),
        "loop_ms": loop,
        "crowd_cpu": round((crowd_to - crowd_from) / (to_at - from_at), 3),
        "crowd_delay_p99_ms": share(tally.own_delay_ms, 0.99),
        "failures": failures[:3],
    }

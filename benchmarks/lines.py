"""A call beside a WebSocket over bad lines: `python -m benchmarks.lines [--turns 8] [--only NAME]`.

Server and visitor each have a network namespace; between them is an emulated line. The visitor types a
sentence, and the character says it: what of that reaches the ear, when, how long it is silent in between, and
what Whisper understands of it. Needs root, iproute2 and /dev/net/tun.
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from benchmarks.emulated_line import SERVER, EmulatedLine, Quality, entered

LINES = (
    Quality("clean"),
    Quality("80 ms, 3 % loss", delay_secs=0.04, loss=0.03),
    Quality("80 ms, 10 % loss", delay_secs=0.04, loss=0.1),
    Quality("80 ms, 20 % loss", delay_secs=0.04, loss=0.2),
    Quality("300 ms", delay_secs=0.15),
    Quality("64 kbit/s", kbit_per_sec=64),
    Quality("UDP closed", udp=False),
)
CALLS = ("webrtc", "relay")
TURN_PORT = 443  # of TCP, in the server's namespace, where coturn is installed: `--by relay`
CHARACTER = "ada-quill"
CONNECT_SECS, TURN_SECS, REST_SECS = 40, 25, 0.8


async def visitor_of(about: dict[str, Any], transport: str, came: list[Any]) -> Any:
    """Who is to come in by that line; `came` gets what a socket brings of the voice, and when."""
    from benchmarks import ear
    from tests.callers import Caller, way_in
    from tests.servers import Server
    from tests.visitors import Visitor, rtvi_message

    class Far(Server):
        @property
        def url(self) -> str:
            return f"http://{SERVER}:{self.port}"

    server = Far.known(about)
    narrow = soxr.ResampleStream(24_000, ear.RATE_HZ, 1, dtype="int16")

    class Listener(Visitor):
        def _take(self, frame: Any) -> None:
            super()._take(frame)
            if frame.WhichOneof("frame") == "audio":
                pcm = np.frombuffer(frame.audio.audio, np.int16)
                came.append((time.monotonic(), narrow.resample_chunk(pcm)))

        async def send(self, kind: str, data: Any = None) -> None:
            await self.socket.send(rtvi_message(kind, data))

    if transport in CALLS:
        caller = Caller(server, (await asyncio.to_thread(way_in, server, CHARACTER))[0])
        if transport == "relay":
            caller.only_relay()
        return caller
    url, _ = await asyncio.to_thread(server.start_session, CHARACTER)
    return Listener(url.replace("127.0.0.1", SERVER))


async def converse(about: dict[str, Any], transport: str, turns: int, delay_secs: float) -> dict[str, Any]:
    from benchmarks import ear
    from benchmarks.spoken import SENTENCES
    from voicebot.transport.webrtc import aiortc_internals

    aiortc_internals.ice.CONSENT_FAILURES = 12  # of the visitor's: browsers wait for 30 s, and ask more often
    came: list[Any] = []
    begun = time.monotonic()
    visitor = await visitor_of(about, transport, came)
    found: dict[str, Any] = {
        "sounds": [],
        "gaps": [],
        "heard": [],
        "said": [],
        "connected": 0.0,
        "greeted": 0.0,
    }
    peak = 0.0
    async with asyncio.timeout(CONNECT_SECS):
        await visitor.__aenter__()
        found["connected"] = time.monotonic() - begun
    if transport in CALLS:
        aiortc_internals.hear(
            visitor.peer.getReceivers()[0], lambda *packet: came.append((time.monotonic(), *packet))
        )

    def play() -> Any:
        if transport in CALLS:
            return ear.of_packets(list(came), ear.cushion(peak))
        return ear.of_stream(list(came), ear.cushion(peak, 2 * delay_secs))

    try:
        async with asyncio.timeout(CONNECT_SECS):
            await visitor.get_ready()
            await visitor.until(lambda: visitor.of("bot-stopped-speaking"), CONNECT_SECS)
        await asyncio.sleep(REST_SECS)
        played = play()
        peak = played.peak_secs
        found["greeted"] = played.first_sound_at - begun if played.first_sound_at else 0.0
        for turn in range(turns):
            sentence = SENTENCES[turn % len(SENTENCES)]
            came.clear()
            over, asked = len(visitor.of("bot-stopped-speaking")), time.monotonic()
            await visitor.send("send-text", {"content": sentence, "options": {"run_immediately": True}})
            try:
                await visitor.until(
                    lambda over=over: len(visitor.of("bot-stopped-speaking")) > over, TURN_SECS
                )
            except TimeoutError:
                found["gaps"].append(float(TURN_SECS))
            await asyncio.sleep(REST_SECS)
            played = play()
            peak = max(played.peak_secs, peak / 2)
            found["said"].append(sentence)
            found["heard"].append(played.pcm.tobytes())
            found["gaps"] += played.gaps
            if played.first_sound_at:
                found["sounds"].append(played.first_sound_at - asked)
    except Exception as error:  # the line is lost
        found["error"] = f"{type(error).__name__} {error} {visitor.closed or ''}"[:60]
    await visitor.__aexit__(None, None, None)
    return found


def visit(about: dict[str, Any], transport: str, turns: int, delay_secs: float, tell: Any) -> None:
    """In a process of its own, which has the namespace of the thread that begins it."""
    import django

    django.setup()
    try:
        tell.send(asyncio.run(converse(about, transport, turns, delay_secs)))
    except Exception as error:  # a line that lets nothing through
        tell.send({"error": f"{type(error).__name__} {error}"[:60]})


def row(quality: Quality, transport: str, found: dict[str, Any]) -> str:
    from tests.words import error_rate
    from voicebot.providers.local import whisper

    if not found.get("said"):
        return f"| {quality.name} | {transport} | none: {found.get('error', '')} | | | | |"
    heard = [whisper.transcribe(pcm) if pcm else "" for pcm in found["heard"]]
    if os.environ.get("SHOW"):
        print(list(zip(found["said"], heard, [len(pcm) / 32000 for pcm in found["heard"]], strict=True)))
    gaps = [gap for gap in found["gaps"] if gap > 0.1]
    sounds = found["sounds"]
    first = f"{statistics.median(sounds):.2f} / {max(sounds):.2f}" if sounds else "no sound"
    wrong = 100 * error_rate(found["said"], heard)
    return (
        f"| {quality.name} | {transport} | {found['connected']:.2f} | {found['greeted']:.2f} | {first} "
        f"| {len(gaps)}, {sum(gaps):.2f} s in {len(heard)} turns | {wrong:.1f} % |"
        + (f" {found['error']}" if "error" in found else "")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--turns", type=int, default=8)
    parser.add_argument("--only", default="", help="lines whose name has this in it")
    parser.add_argument("--by", default="webrtc,websocket", help="and relay: a call through TURN over TCP")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()

    from tests.databases import stage_database
    from tests.servers import Server
    from tests.turn_server import turn_server

    spawning = multiprocessing.get_context("spawn")
    print("| line | by | s to connect | s to greeting | s to sound, median / most | gaps | word errors |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    with (
        tempfile.TemporaryDirectory() as name,
        EmulatedLine() as line,
        stage_database(f"greenroom_lines_{os.getpid()}", Path(name)) as database,
    ):
        os.environ["ALLOWED_HOSTS"] = f"127.0.0.1,{SERVER}"
        turn = {"TURN_URLS": f"turn:{SERVER}:{TURN_PORT}?transport=tcp", "TURN_SECRET": "north"}
        relaying = "relay" in options.by
        services = {
            **(turn if relaying else {}),
            "LLM_PROVIDER": "tests.voicebot.players.RecitingLLM",
            "TTS_PROVIDER": "local",
        }
        server = Server(
            Path(name) / "log", database, cold=True, DATA_DIR=name, LOG_LEVEL="WARNING", **services
        )
        server.host = "0.0.0.0"  # noqa: S104  (of a namespace of its own)
        ending = contextlib.ExitStack()
        with entered(line.server):
            server.start()
            if relaying:
                ending.enter_context(
                    turn_server(Path(name), "--no-tls", "--no-udp", at=SERVER, port=TURN_PORT)
                )
        try:
            for quality in LINES:
                if options.only not in quality.name:
                    continue
                line.quality = quality
                for transport in options.by.split(","):
                    ours, theirs = spawning.Pipe(duplex=False)
                    arguments = (server.about, transport, options.turns, quality.delay_secs, theirs)
                    with entered(line.client):
                        visiting = spawning.Process(target=visit, args=arguments)
                        visiting.start()
                    patience = 2 * CONNECT_SECS + options.turns * (TURN_SECS + 2)
                    found = ours.recv() if ours.poll(patience) else {"error": "it never came back"}
                    visiting.join(10)
                    if visiting.is_alive():
                        visiting.kill()
                    print(row(quality, transport, found), flush=True)
        finally:
            server.stop()
            ending.close()


if __name__ == "__main__":
    main()

"""What a call costs beside a WebSocket: `python -m benchmarks.calls [--visitors 4] [--secs 30]`.

Visitors talk in real time with scripted services: a second of silence, a sentence, five seconds of silence.
Prints the server's CPU seconds a second for each visitor, by either line, and the 99th percentile of how late
its event loop was. Callers are aiortc's, in a process of their own; `--dtx` has them send nothing in silence,
as browsers do.

`python -m benchmarks.calls --leak 500` has so many callers come, hear the greeting begin and go instead, four
at a time, for eight minutes at most. Prints after every eighth of them what the server holds at rest, once it
has given back what it can: memory of its own, and pages of mapped models, which are the page cache's and are
read in as they are first needed. Last, the slope of its own memory in KB a call by least squares, without the
first quarter.
"""

import argparse
import asyncio
import multiprocessing
import os
import re
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

SETTLE_SECS = 4.0
SILENCE_SECS, AFTER_SECS = 1.0, 5.0
LEAK_STEPS, AT_ONCE, LEAK_SECS = 8, 4, 480.0
GIVEN_BACK_SECS = 12.0  # a look at what can be given back every ten seconds, and the time that it takes


def crowd(server: Any, transport: str, count: int, until: float, dtx: bool) -> None:
    """Talks until the moment `until`, in a process of its own."""
    asyncio.run(_crowd(server, transport, count, until, dtx))


async def _crowd(about: dict[str, Any], transport: str, count: int, until: float, dtx: bool) -> None:
    from tests.callers import Caller, way_in
    from tests.servers import Server
    from tests.visitors import Visitor

    server = Server.known(about)

    async def talk(number: int) -> None:
        await asyncio.sleep(0.2 * number)
        if transport == "webrtc":
            visitor: Any = Caller(server, way_in(server)[0])
            visitor.microphone.pauses = dtx
        else:
            visitor = Visitor(server.start_session()[0])
        async with visitor:
            await visitor.get_ready()
            while time.time() < until:
                await visitor.speak(silence_secs=AFTER_SECS + SILENCE_SECS)

    await asyncio.gather(*(talk(number) for number in range(count)))


def delays(server: Any) -> dict[float, float]:
    """The event loop's delays so far, cumulative by their upper bounds in seconds."""
    text = server.request("/metrics").body.decode()
    found = re.findall(r'greenroom_loop_delay_seconds_bucket\{le="([^"]+)"\} (\S+)', text)
    return {float(bound): float(count) for bound, count in found}


def p99_ms(before: dict[float, float], after: dict[float, float]) -> float:
    counts = {bound: after[bound] - before.get(bound, 0.0) for bound in sorted(after)}
    whole = max(counts.values())
    return next(bound for bound, count in counts.items() if count >= 0.99 * whole) * 1000


def measure(server: Any, transport: str, options: argparse.Namespace) -> tuple[float, float]:
    """CPU seconds a second and visitor, and the loop's p99 in milliseconds."""
    until = time.time() + SETTLE_SECS + options.secs + 1
    spawning = multiprocessing.get_context("spawn")
    talking = spawning.Process(
        target=crowd, args=(server.about, transport, options.visitors, until, options.dtx)
    )
    talking.start()
    try:
        while f"greenroom_connections {options.visitors}.0" not in server.request("/metrics").body.decode():
            time.sleep(0.2)
            if not talking.is_alive():
                raise RuntimeError("The crowd has left before all of it was connected; its output says why.")
        process = psutil.Process(server.pid)
        time.sleep(SETTLE_SECS)
        before, cpu, begun = delays(server), process.cpu_times(), time.monotonic()
        time.sleep(options.secs)
        later, secs = process.cpu_times(), time.monotonic() - begun
        used = later.user + later.system - cpu.user - cpu.system
        return used / secs / options.visitors, p99_ms(before, delays(server))
    finally:
        talking.terminate()
        talking.join()


async def come_and_go(server: Any) -> None:
    from tests.callers import Caller, way_in

    way, _ = await asyncio.to_thread(way_in, server)
    async with Caller(server, way) as caller:
        await caller.get_ready()
        await caller.until(lambda: caller.audible_at)


async def leak(server: Any, calls: int) -> None:
    """Prints what the server holds after so many calls, and by how much that grows with each."""
    from tests.voicebot.connection.test_leaks import at_rest

    print("| calls | own memory, MB | mapped files, MB | tasks | threads | files |", flush=True)
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    until, done, found = time.monotonic() + LEAK_SECS, 0, []
    while done < calls and time.monotonic() < until:
        for _ in range(max(1, calls // LEAK_STEPS // AT_ONCE)):
            await asyncio.gather(*(come_and_go(server) for _ in range(AT_ONCE)))
            done += AT_ONCE
        await at_rest(server)
        await asyncio.sleep(GIVEN_BACK_SECS)
        rest = await at_rest(server)
        found.append((done, rest["megabytes"]))
        counts = " | ".join(str(rest[what]) for what in ("tasks", "threads", "files"))
        print(f"| {done} | {rest['megabytes']:.1f} | {rest['mapped']:.1f} | {counts} |", flush=True)
    later = np.array([each for each in found if each[0] > done / 4])
    if len(later) > 1:
        slope = np.polyfit(later[:, 0], later[:, 1] * 1024, 1)[0]
        print(f"{slope:.1f} KB a call, from call {later[0, 0]:.0f} to {later[-1, 0]:.0f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--visitors", type=int, default=4)
    parser.add_argument("--secs", type=float, default=30)
    parser.add_argument("--dtx", action="store_true")
    parser.add_argument("--leak", type=int, default=0, metavar="CALLS")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from tests.databases import stage_database
    from tests.servers import Server

    with (
        tempfile.TemporaryDirectory() as name,
        stage_database(f"greenroom_calls_{os.getpid()}", Path(name)) as database,
    ):
        more = {"MAX_SESSIONS_PER_VISITOR": str(options.leak + 100)} if options.leak else {}
        log = Path(name) / "log"
        server = Server(log, database, cold=True, DATA_DIR=name, LOG_LEVEL="WARNING", **more).start()
        try:
            if options.leak:
                asyncio.run(leak(server, options.leak))
                return
            print("| line | CPU of one core a visitor | event loop p99 at most, ms |", flush=True)
            print("| --- | --- | --- |", flush=True)
            for transport in ("websocket", "webrtc"):
                share, late_ms = measure(server, transport, options)
                print(f"| {transport} | {share:.3f} | {late_ms:.0f} |", flush=True)
        finally:
            server.stop()


if __name__ == "__main__":
    main()

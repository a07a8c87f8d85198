"""What a call costs beside a WebSocket: `python -m benchmarks.calls [--visitors 12,24] [--secs 30]`.

Visitors talk in real time with scripted services: a second of silence, a sentence, five seconds of silence.
The server has core 0 and the crowd core 1. Prints CPU time of the server for each visitor, with all its
threads and the system's part of it, how many turns were answered and when, how late the server's event
loop was, and how busy and late the crowd was itself. Callers send nothing in silence, as browsers do, unless
`--continuous`.

`python -m benchmarks.calls --leak 500` has so many callers come, hear the greeting begin and go instead, four
at a time, for eight minutes at most. Prints after every eighth of them what the server holds at rest, once it
has given back what it can: memory of its own, and pages of mapped models, which are the page cache's and are
read in as they are first needed. Last, the slope of its own memory in KB a call by least squares, without the
first quarter.
"""

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import callers, django_ready  # noqa: F401
from benchmarks.crowd import SETTLE_SECS, STAGGER_SECS, visit
from benchmarks.stage import BEFOREHAND_SECS, CROWD_CORE, Side

LEAK_STEPS, AT_ONCE, LEAK_SECS = 8, 4, 480.0
GIVEN_BACK_SECS = 12.0  # a look at what can be given back every ten seconds, and the time that it takes


def measure(side: Side, line: str, n: int, options: argparse.Namespace) -> dict[str, Any]:
    """What a crowd of `n` notices on one line, and what the server uses meanwhile."""
    secs = options.secs + n * STAGGER_SECS + 2 * SETTLE_SECS
    about: dict[str, Any] = {"start": side.way_in["start"], "probe": f"{side.url}/probe"}
    if line == "call":
        rounds = callers.script(pauses=not options.continuous)
        about |= {"come": callers.way_in, "visitor": callers.CalledConnection, "rounds": [rounds]}
    return asyncio.run(visit(n, secs, side.process.pid, **about))


def compare(options: argparse.Namespace) -> None:
    """Prints a row for each line and number of visitors."""
    columns: tuple[str, ...] = (
        "visitors",
        "line",
        "CPU of a core a visitor",
        "answered of turns",
        "p50 s",
        "p95 s",
    )
    columns += ("loop p50 / p95 / p99 ms", "the crowd's CPU of its core", "the crowd's own p99 ms")
    os.sched_setaffinity(0, {CROWD_CORE})
    with tempfile.TemporaryDirectory() as folder, Side("greenroom", Path(folder)) as side:
        asyncio.run(visit(1, 12, side.process.pid, start=side.way_in["start"]))  # what all servers do once
        time.sleep(options.settle)
        print(f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}", flush=True)
        for n in map(int, options.visitors.split(",")):
            for line in options.lines.split(","):
                run = measure(side, line, n, options)
                loop = " / ".join(f"{run['loop_ms'][share]:.1f}" for share in ("p50", "p95", "p99"))
                row: list[Any] = [
                    n,
                    line,
                    f"{run['cpu_per_session']:.4f}",
                    f"{run['answered']} of {run['turns']}",
                ]
                row += [run["latency_p50"], run["latency_p95"], loop]
                row += [run["crowd_cpu"], run["crowd_delay_p99_ms"]]
                print(f"| {' | '.join(map(str, row))} |", *run["failures"], flush=True)


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
    parser.add_argument("--visitors", default="12,24", help="numbers of them, one after the other")
    parser.add_argument("--lines", default="websocket,call")
    parser.add_argument("--secs", type=float, default=30)
    parser.add_argument("--continuous", action="store_true", help="callers send packets in silence, too")
    parser.add_argument("--settle", type=float, default=BEFOREHAND_SECS, help="before anything is counted")
    parser.add_argument("--leak", type=int, default=0, metavar="CALLS")
    options = parser.parse_args()
    if not options.leak:
        compare(options)
        return
    from tests.databases import stage_database
    from tests.servers import Server

    with (
        tempfile.TemporaryDirectory() as name,
        stage_database(f"greenroom_calls_{os.getpid()}", Path(name)) as database,
    ):
        more = {"MAX_SESSIONS_PER_VISITOR": str(options.leak + 100)}
        log = Path(name) / "log"
        server = Server(log, database, cold=True, DATA_DIR=name, LOG_LEVEL="WARNING", **more).start()
        try:
            asyncio.run(leak(server, options.leak))
        finally:
            server.stop()


if __name__ == "__main__":
    main()

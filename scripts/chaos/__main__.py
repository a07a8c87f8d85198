"""A soak with faults: `make chaos`. Bounded in time; prints its figures and fails if anything was lost.

.venv/bin/python -m scripts.chaos [--secs 120] [--turns 0] [--visitors 20] [--calls 5] [--processes 4]
                                  [--write]

Several processes, and scripted visitors who write all the time, some of them over calls. Meanwhile: dropped
connections, readers that stop reading, and the faults of scripts/chaos/faults.py. At the end every turn that
was answered is in the history exactly once and in order, no session is stuck, and memory and connections are
level. With --turns it goes on until so many were answered, for --secs at most. --write keeps the figures in
docs/operations.md.
"""

import argparse
import asyncio
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from scripts.chaos.callers import CallingTalker
from scripts.chaos.faults import Faults
from scripts.chaos.servers import running
from scripts.chaos.talkers import Run, Talker
from scripts.chaos.verdict import history_of, level, settled

PAGE = Path(__file__).parent.parent.parent / "docs" / "operations.md"
BEGIN, END = "<!-- make chaos writes from here -->", "<!-- to here -->"


async def soak(options: argparse.Namespace) -> dict[str, Any]:
    dice = random.Random(options.seed)  # noqa: S311
    with tempfile.TemporaryDirectory() as name:
        async with running(Path(name), options.processes) as servers:
            run = Run(options.secs, options.turns)
            talkers = [
                (CallingTalker if number < options.calls else Talker)(
                    servers.base,
                    run,
                    random.Random(options.seed + number),  # noqa: S311
                )
                for number in range(options.visitors)
            ]
            before = level(servers.cluster, servers.database.url)
            faults = Faults(servers, dice)
            await asyncio.gather(*(talker.talk() for talker in talkers), faults.make(run))
            seconds = round(time.monotonic() - run.began)
            stuck = await settled(servers.cluster, servers.database.url)
            drops: Counter[str] = sum((talker.drops for talker in talkers), Counter())
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
                history = await asyncio.wrap_future(fresh.submit(history_of, talkers))
            return {
                "seconds": seconds,
                "visitors": options.visitors,
                "of these by WebRTC": options.calls,
                "processes": options.processes,
                "faults": dict(faults.done),
                "answers of PostgreSQL lost after the commit": servers.lossy.lost,
                "lost connections": sum(drops.values()),
                **history,
                "of these over calls": sum(len(talker.finished) for talker in talkers[: options.calls]),
                "stuck": stuck,
                "before": before,
                "after": level(servers.cluster, servers.database.url),
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--secs", type=float, default=0, help="at most; 120, or an hour with --turns")
    parser.add_argument("--turns", type=int, default=0)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--calls", type=int, default=5, help="visitors of these who come by WebRTC")
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    options.secs = options.secs or (3600 if options.turns else 120)
    found = asyncio.run(soak(options))
    lines = "\n".join(f"    {name}: {value}" for name, value in found.items())
    print(lines)
    if options.write:
        page = PAGE.read_text()
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n\n{lines}\n\n{END}{after}")
    wrong = [name for name in ("missing", "twice", "out of order", "stuck") if found[name]]
    if wrong or not found["finished"]:
        sys.exit(f"Not as it should be: {', '.join(wrong) or 'nobody was answered'}")


if __name__ == "__main__":
    main()

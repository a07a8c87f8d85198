"""What one process with the local models keeps resident, from its start over so many calls.

.venv/bin/python -m benchmarks.room [--calls 50] [--at-once 2]

A call is one visitor who asks, hears the reply, asks again and leaves. Prints megabytes after the start,
after 1, 5, 15 and all calls, and half a minute later: resident (RSS), of it anonymous (heap, caches) and
file-backed (weights and libraries that the kernel can drop and share with other processes).
"""

import argparse
import asyncio
import re
import tempfile
from pathlib import Path

import psutil

from benchmarks.crowd import LiveConnection, Tally, script, way_in
from benchmarks.stage import Side

PAUSE_SECS = 30.0  # after which voices have given back what they computed in
CALL_SECS = 14.0  # two questions and their replies
SHOWN_AFTER = (1, 5, 15)
CHARACTERS = ("captain-marlow", "ada-quill", "inspector-fenn", "wren-of-the-lamps")


def resident_mb(pid: int) -> dict[str, float]:
    """Megabytes of a process by kind, as Linux counts them (proc(5), smaps_rollup)."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kb = {name: int(value) for name, value in re.findall(r"^(\w+): +(\d+) kB", text, re.MULTILINE)}
    return {
        "resident": kb["Rss"] / 1024,
        "anonymous": kb["Anonymous"] / 1024,
        "file": (kb["Rss"] - kb["Anonymous"]) / 1024,
    }


def server_of(pid: int) -> int:
    """The process that serves: the one with the most memory of the family."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return max(family, key=lambda process: process.memory_info().rss).pid


async def call(start: str, character: str, packets: list) -> Tally:
    tally = Tally()
    url = await asyncio.to_thread(way_in, start, character)
    await LiveConnection(tally, packets).talk(url, CALL_SECS, 0)
    return tally


async def run(side: Side, calls: int, at_once: int) -> None:
    start, packets, done, answered = side.way_in["start"], script(), 0, 0
    pid = server_of(side.process.pid)

    def tell() -> None:
        now = resident_mb(pid)
        print(
            f"{done:>4} calls  " + "  ".join(f"{name} {mb:7.0f} MB" for name, mb in now.items()), flush=True
        )

    print("one process, local models")
    tell()
    while done < calls:
        many = min(at_once, calls - done) if done else 1
        names = [CHARACTERS[(done + number) % len(CHARACTERS)] for number in range(many)]
        tallies = await asyncio.gather(*(call(start, name, packets) for name in names))
        answered += sum(len(tally.latency) for tally in tallies)
        if done + many == calls or any(done < mark <= done + many for mark in SHOWN_AFTER):
            done += many
            tell()
        else:
            done += many
    await asyncio.sleep(PAUSE_SECS)
    print(f"and {PAUSE_SECS:.0f} s later")
    tell()
    print(f"{answered} questions answered")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--at-once", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Side("greenroom", Path(folder), "local") as side:
        asyncio.run(run(side, options.calls, options.at_once))


if __name__ == "__main__":
    main()

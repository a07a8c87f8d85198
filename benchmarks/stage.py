"""Stock Pipecat and Greenroom in turn on the same core, with the same crowd: `make bench`.

.venv/bin/python -m benchmarks.stage [--sweep 1,2,4,8,16,32,48] [--secs 30] [--rounds 3] [--only greenroom]

Prints each run as it ends and a table with both sides and the ratio; writes benchmarks/results.json, which
`benchmarks.report` turns into docs/performance.md and its plot. The server has core 0, the crowd core 1.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks.crowd import visit
from tests.servers import free_port

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results.json"
SERVER_CORE, CROWD_CORE = 0, 1
FLAGS = ["--loop", "uvloop", "--log-level", "warning", "--no-access-log"]
SIDES = {
    "stock": ("benchmarks.probe:stock", []),
    "greenroom": (
        "benchmarks.probe:application",
        ["--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--lifespan", "on"],
    ),
}


class Side:
    """One of the two servers, on its core."""

    def __init__(self, name: str, folder: Path, provider: str = "scripted"):
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "DATA_DIR": str(folder),
            "DEFAULT_PROVIDER": provider,
            "MAX_SESSIONS_PER_WORKER": "500",
            "MAX_SESSIONS_PER_VISITOR": "500",
            "PYTHONWARNINGS": "ignore",
        }

    def __enter__(self) -> "Side":
        app, flags = SIDES[self.name]
        if self.name == "greenroom":
            for command in (["migrate", "-v", "0"], ["seed_demo"]):
                subprocess.run(
                    [sys.executable, "manage.py", *command],
                    cwd=ROOT,
                    env=self.environment,
                    check=True,
                    stdout=subprocess.DEVNULL,
                )
        pinned = ["taskset", "-c", str(SERVER_CORE), sys.executable, "-m", "uvicorn"]
        self.process = subprocess.Popen(
            [*pinned, app, "--port", str(self.port), *FLAGS, *flags],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"{self.url}/probe", timeout=2).read()
                return self
            except OSError:
                time.sleep(0.2)
        self.__exit__()
        raise RuntimeError(f"{self.name} did not start")

    def __exit__(self, *_: Any) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def visited(self, n: int, secs: float) -> dict[str, Any]:
        where = (
            {"ws": f"ws://127.0.0.1:{self.port}/ws"}
            if self.name == "stock"
            else {"start": f"{self.url}/api/start"}
        )
        return asyncio.run(visit(n, secs, self.process.pid, probe=f"{self.url}/probe", **where))


def good(run: dict[str, Any]) -> bool:
    """Every turn answered (but one that the end cut short), and in time."""
    late = run["latency_p95"] is None or run["latency_p95"] >= 0.5
    return not late and run["answered"] >= run["turns"] - run["sessions"] and not run["failures"]


def median_of(runs: list[dict[str, Any]], name: str) -> float | None:
    values = [run[name] for run in runs if run[name] is not None]
    return round(statistics.median(values), 4) if values else None


def machine() -> str:
    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sweep", default="1,2,4,8,16,32,48")
    parser.add_argument("--secs", type=float, default=30)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", choices=SIDES)
    options = parser.parse_args()
    os.sched_setaffinity(0, {CROWD_CORE})
    runs: list[dict[str, Any]] = []
    given_up: set[str] = set()
    for n in [int(part) for part in options.sweep.split(",")]:
        for _ in range(options.rounds):
            for name in [options.only] if options.only else SIDES:
                if name in given_up:
                    continue
                with tempfile.TemporaryDirectory() as folder, Side(name, Path(folder)) as side:
                    run = {"side": name, **side.visited(n, options.secs + n * 0.15)}
                runs.append(run)
                print(json.dumps(run), flush=True)
                if run["latency_p95"] is None or run["latency_p95"] > 3:
                    given_up.add(name)  # far beyond its knee: more would only take time
    RESULTS.write_text(
        json.dumps({"machine": machine(), "at": time.strftime("%Y-%m-%d"), "runs": runs}, indent=1)
    )
    print(f"\n{machine()}")
    print(
        f"{'N':>4} {'side':>10} {'cpu/session':>12} {'MB/session':>11} {'p50':>7} {'p95':>7} {'loop p99':>9}"
    )
    for n in sorted({run["sessions"] for run in runs}):
        for name in SIDES:
            these = [run for run in runs if run["side"] == name and run["sessions"] == n]
            if these:
                loop = statistics.median(run["loop_ms"].get("p99", 0) for run in these)
                print(
                    f"{n:>4} {name:>10} {median_of(these, 'cpu_per_session'):>12} "
                    f"{median_of(these, 'memory_per_session_mb'):>11} {median_of(these, 'latency_p50')!s:>7} "
                    f"{median_of(these, 'latency_p95')!s:>7} {loop:>9}"
                    f"{'' if all(map(good, these)) else '  late or unanswered'}"
                )


if __name__ == "__main__":
    main()

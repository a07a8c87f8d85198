"""Stock Pipecat and Greenroom in turn on the same core, with the same crowd: `make bench`.

.venv/bin/python -m benchmarks.stage [--sweep 1,2,4,8,12,16,24,32,48,64] [--local 1,4] [--barge 5] [--secs 30]
    [--rounds 3] [--only greenroom]

Prints each run as it ends and tables with both sides; writes benchmarks/results.json, which
`benchmarks.report` turns into docs/performance.md and its plot. With scripted services the server has core 0
and the crowd core 1; with local models both have both.
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

from benchmarks import django_ready  # noqa: F401
from benchmarks.crowd import questions, speak_over, visit
from tests.workers import free_port
from voicebot.turns.onnx_sessions import pairs_overflow

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results.json"
SERVER_CORE, CROWD_CORE = 0, 1
WARM_SECS = {"scripted": 4.0, "local": 14.0}  # the first visitor meets what every server does once
# A fresh installation of Greenroom makes greetings and indexes of its demo characters in its first minute.
BEFOREHAND_SECS = 60.0
FAR_TOO_LATE_SECS = 3.0
FLAGS = ["--loop", "uvloop", "--log-level", "warning", "--no-access-log"]
OURS = (
    "benchmarks.probe:application",
    ["--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--lifespan", "on"],
)
SIDES = {"stock": ("benchmarks.probe:stock", []), "greenroom": OURS, "demo": OURS}
# With local models the model answers on both sides, by the same instruction. `demo` is a character as it
# comes, whose editors wrote some of the answers, and is no side of the comparison.
SAILOR = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {
        "name": "A Sailor",
        "first_mes": "Ahoy there.",
        "system_prompt": "You are a gruff but kind old sailor. Answer in one short spoken sentence.",
    },
}


class Side:
    """One of the two servers: on its core with scripted services, on both cores with local models."""

    def __init__(self, name: str, folder: Path, provider: str = "scripted"):
        self.name = name
        self.provider = provider
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "BENCH_SERVICES": provider,
            "DATA_DIR": str(folder),
            "DEFAULT_PROVIDER": provider,
            "MAX_LOAD": "10",  # the knee is looked for, not kept away from
            "MAX_SESSIONS_PER_WORKER": "500",
            "STARTS_PER_ADDRESS": "100000",
            "CONNECTIONS_PER_ADDRESS": "1000",
            "MAX_SESSIONS_PER_VISITOR": "500",
            "PYTHONWARNINGS": "ignore",
        }

    def __enter__(self) -> "Side":
        app, flags = SIDES[self.name]
        if self.name != "stock":
            card = Path(self.environment["DATA_DIR"], "sailor.json")
            card.write_text(json.dumps(SAILOR))
            imported = ["import_characters", str(card), "--publish", "--address", "sailor"]
            for command in (["migrate", "-v", "0"], ["seed_demo"], imported):
                subprocess.run(
                    [sys.executable, "manage.py", *command],
                    cwd=ROOT,
                    env=self.environment,
                    check=True,
                    stdout=subprocess.DEVNULL,
                )
        cores = str(SERVER_CORE) if self.provider == "scripted" else f"{SERVER_CORE},{CROWD_CORE}"
        pinned = ["taskset", "-c", cores, sys.executable, "-m", "uvicorn"]
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

    @property
    def way_in(self) -> dict[str, Any]:
        if self.name == "stock":
            return {"ws": f"ws://127.0.0.1:{self.port}/ws"}
        return {"start": f"{self.url}/api/start"}

    def visited(self, n: int, secs: float) -> dict[str, Any]:
        """What a crowd notices: of the local models, that asks one question after the other."""
        more: dict[str, Any] = {}
        if self.provider == "local":
            more = {"rounds": questions(), "character": "captain-marlow" if self.name == "demo" else "sailor"}
        return asyncio.run(visit(n, secs, self.process.pid, probe=f"{self.url}/probe", **self.way_in, **more))

    def spoken_over(self, times: int) -> list[float]:
        return asyncio.run(speak_over(times, **self.way_in))


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
    vnni = "no VNNI" if pairs_overflow() else "VNNI"  # eight-bit models take twice as long without
    return f"{model} ({vnni}), {os.cpu_count()} cores, Python {platform.python_version()}"


def sweep(
    names: list[str], counts: list[int], secs: float, rounds: int, provider: str
) -> list[dict[str, Any]]:
    """Every crowd for every side, in turn; a side that is far beyond its knee is spared the larger ones."""
    runs: list[dict[str, Any]] = []
    given_up: set[str] = set()
    for n in counts:
        for _ in range(rounds):
            for name in names:
                if name in given_up:
                    continue
                with tempfile.TemporaryDirectory() as folder, Side(name, Path(folder), provider) as side:
                    side.visited(1, WARM_SECS[provider] if name == "stock" else BEFOREHAND_SECS)
                    run = {"side": name, "provider": provider, **side.visited(n, secs + n * 0.15)}
                runs.append(run)
                print(json.dumps(run), flush=True)
        for name in names:
            late = median_of([r for r in runs if r["side"] == name and r["sessions"] == n], "latency_p95")
            if name not in given_up and (late is None or late > FAR_TOO_LATE_SECS):
                given_up.add(name)
    return runs


def barge_in(names: list[str], times: int, rounds: int) -> dict[str, list[float]]:
    """Seconds from a visitor's first syllable until the character's voice is gone, scripted services."""
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            with tempfile.TemporaryDirectory() as folder, Side(name, Path(folder)) as side:
                took = side.spoken_over(times)
            found[name] += [round(secs, 3) for secs in took]
            print(json.dumps({"side": name, "barge_in": found[name][-len(took) :]}), flush=True)
    return found


def show(runs: list[dict[str, Any]]) -> None:
    print(
        f"{'N':>4} {'side':>10} {'cpu/session':>12} {'MB/session':>11} {'ready':>7} "
        f"{'p50':>7} {'p95':>7} {'loop p99':>9}"
    )
    for n in sorted({run["sessions"] for run in runs}):
        for name in SIDES:
            these = [run for run in runs if run["side"] == name and run["sessions"] == n]
            if these:
                loop = statistics.median(run["loop_ms"].get("p99", 0) for run in these)
                keys = ("cpu_per_session", "memory_per_session_mb", "ready_p50", "latency_p50", "latency_p95")
                cpu, memory, ready, p50, p95 = (median_of(these, key) for key in keys)
                print(
                    f"{n:>4} {name:>10} {cpu!s:>12} {memory!s:>11} {ready!s:>7} {p50!s:>7} {p95!s:>7} "
                    f"{loop:>9}{'' if all(map(good, these)) else '  late or unanswered'}"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sweep", default="1,2,4,8,12,16,24,32,48,64")
    parser.add_argument("--local", default="1,4", help="crowds for the local models; '' for none")
    parser.add_argument("--secs", type=float, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--barge", type=int, default=5, help="times that a visitor speaks over a reply")
    parser.add_argument("--only", choices=SIDES)
    options = parser.parse_args()
    os.sched_setaffinity(0, {CROWD_CORE})
    names = [options.only] if options.only else ["stock", "greenroom"]

    def counts(text: str) -> list[int]:
        return [int(part) for part in text.split(",") if part]

    scripted = sweep(names, counts(options.sweep), options.secs, options.rounds, "scripted")
    beside = [] if options.only else ["demo"]
    local = sweep([*names, *beside], counts(options.local), options.secs, options.rounds, "local")
    interrupted = barge_in(names, options.barge, options.rounds) if options.barge else {}
    results = {
        "machine": machine(),
        "at": time.strftime("%Y-%m-%d"),
        "rounds": options.rounds,
        "runs": scripted + local,
        "barge_in": interrupted,
    }
    RESULTS.write_text(json.dumps(results, indent=1))
    print(f"\n{machine()}")
    for title, runs in (("scripted services", scripted), ("local models", local)):
        if runs:
            print(title)
            show(runs)
    for name, took in interrupted.items():
        print(
            f"{name}: silent {statistics.median(took):.3f} s after the first syllable (median of {len(took)})"
        )


if __name__ == "__main__":
    main()

"""How many Python functions a server calls for its visitors, in this checkout and in an older commit.

.venv/bin/python -m benchmarks.function_calls --against COMMIT [--sessions 8]

Both serve the same crowd with scripted services, one after the other, from work trees in a temporary folder.
Prints calls a second and session, CPU time (with the profiler's own) and which functions differ most, where a
difference of CPU time alone tells nothing. The same code differs by one to two per cent from run to run, as
turns fall otherwise. What native libraries do inside of one call is not counted.
"""

import argparse
import os
import pstats
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from benchmarks import stage

# Signals begin and end it: a visitor connects first, and leaves later.
PROFILED = """
import os, sys
if "uvicorn" in " ".join(sys.orig_argv):
    import cProfile, signal
    profile = cProfile.Profile()
    signal.signal(signal.SIGUSR1, lambda *_: profile.enable())
    def end(*_):
        profile.disable()
        profile.dump_stats(os.environ["CALLS_FILE"])
    signal.signal(signal.SIGUSR2, end)
"""
CONNECTING_SECS, COUNTED_SECS, LEAVING_SECS = 6.0, 20.0, 4.0
SHOWN = 15


def counted(folder: Path, sessions: int) -> tuple[Counter[str], float]:
    """Calls by function, without line numbers, and seconds in them, of a loaded server of `stage.ROOT`."""
    hook, kept = folder / "hook", folder / "calls.prof"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(PROFILED)
    os.environ |= {"PYTHONPATH": str(hook), "CALLS_FILE": str(kept)}
    data = folder / "data"
    data.mkdir()
    with stage.Side("greenroom", data) as side:
        side.visited(1, stage.BEFOREHAND_SECS)

        def count() -> None:
            time.sleep(CONNECTING_SECS)
            os.kill(side.process.pid, signal.SIGUSR1)
            time.sleep(COUNTED_SECS)
            os.kill(side.process.pid, signal.SIGUSR2)

        counting = threading.Thread(target=count)
        counting.start()
        side.visited(sessions, CONNECTING_SECS + COUNTED_SECS + LEAVING_SECS)
        counting.join()
    profile = pstats.Stats(str(kept)).stats  # type: ignore[attr-defined]  # typeshed leaves it out
    calls: Counter[str] = Counter()
    for (file, _, name), (_, number, *_) in profile.items():
        calls[f"{re.sub(r'.*/(site-packages|tree)/', '', file)} {name}"] += number
    return calls, sum(own for _, _, own, *_ in profile.values())


def of_commit(commit: str, sessions: int) -> tuple[Counter[str], float]:
    """The same of any commit, with today's crowd."""
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place, "tree")
        subprocess.run(["git", "worktree", "add", "-q", "--detach", tree, commit], check=True)  # noqa: S607
        try:
            stage.ROOT = tree
            return counted(Path(place), sessions)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", tree], check=True)  # noqa: S607


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--against", required=True, help="an older commit")
    parser.add_argument("--sessions", type=int, default=8)
    options = parser.parse_args()
    os.sched_setaffinity(0, {stage.CROWD_CORE})
    found = {}
    for commit in (options.against, "HEAD"):
        calls, secs = found[commit] = of_commit(commit, options.sessions)
        each = calls.total() / COUNTED_SECS / options.sessions
        print(f"{commit:>12}: {each:,.0f} calls a second and session, {secs:.2f} s in them", flush=True)
    before, after = (calls for calls, _ in found.values())
    print(f"{after.total() / before.total() - 1:+.1%} calls; most of it:")
    changes = {name: after[name] - before[name] for name in before | after}
    for name in sorted(changes, key=lambda name: -abs(changes[name]))[:SHOWN]:
        print(f"{changes[name]:>+9,}  {name}")


if __name__ == "__main__":
    main()

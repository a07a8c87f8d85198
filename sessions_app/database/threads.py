"""Database threads: where the ORM runs when async code needs it; and whether PostgreSQL answers.

Channels and asgiref run database work of all visitors in one thread, where one slow query holds up
every other. Here a query holds up one of several, and the audio path none.

A PostgreSQL that is away is found out once: whoever asks meanwhile hears so at once, and does not wait for a
time-out of their own.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import psycopg
from asgiref.sync import sync_to_async
from django.db import Error, InterfaceError, OperationalError, close_old_connections, connection

from sessions_app.database.circuit_breaker import Breaker

P = ParamSpec("P")
R = TypeVar("R")

DATABASE_THREADS = 8
QUERY_SECS = 12.0  # for the database to do what was asked; its own limit for a statement is 10
DATABASE_PROBE_SECS = 1.0  # between two questions to a database that is away
CONNECT_SECS = 2  # for it to let a probe in
_threads = ThreadPoolExecutor(max_workers=DATABASE_THREADS, thread_name_prefix="database")

DatabaseProbe = Callable[[], None]


def database_address() -> str:
    """Where the database is, without who asks and with what password."""
    server = connection.settings_dict
    where = server["HOST"] or server["OPTIONS"].get("host") or "a local socket"
    return f"{where}{':' + str(server['PORT']) if server['PORT'] else ''}/{server['NAME']}"


def knock() -> None:
    """Connects anew, past the pool, and asks something. Raises psycopg's errors, which name the cause."""
    params = connection.get_connection_params() | {"connect_timeout": CONNECT_SECS, "autocommit": True}
    with psycopg.connect(**params) as asked:
        asked.execute("SELECT 1")


class Availability:
    """Whether PostgreSQL answers. `ask` raises while it does not, and `wait` sleeps; tests inject both.

    Found out when something has failed, and from then on by a thread that asks once a second: it is known
    within a second that the database is back, however long it was away.
    """

    def __init__(self, ask: DatabaseProbe = knock, wait: Callable[[float], object] = time.sleep):
        self._ask, self._wait = ask, wait
        self._breaker = Breaker("PostgreSQL", rest_secs=float("inf"))
        self._lock = threading.Lock()

    @property
    def away(self) -> bool:
        return self._breaker.away

    @property
    def cause(self) -> str:
        """Where the database is and why it does not answer, '' while it does."""
        return f"{database_address()}: {self._breaker.cause}" if self.away else ""

    def suspect(self) -> bool:
        """Something has failed: asks the database itself. True if it is away. Blocks for some seconds."""
        with self._lock:
            if self.away:
                return True
            try:
                self._ask()
            except Exception as error:
                self._breaker.failed(error)
            else:
                return False
            threading.Thread(target=self._watch, name="database is away", daemon=True).start()
            return True

    def _watch(self) -> None:
        while self.away:
            self._wait(DATABASE_PROBE_SECS)
            try:
                self._ask()
            except Exception as error:
                self._breaker.failed(error)
                continue
            self._breaker.answered()


availability = Availability()


def is_away(error: BaseException) -> bool:
    """Whether an error can mean that the database does not answer, rather than what was asked of it."""
    return isinstance(error, (OperationalError, InterfaceError))


def refuse_if_away() -> None:
    """Raises OperationalError while the database is known to be away."""
    if availability.away:
        raise OperationalError(f"PostgreSQL does not answer at {availability.cause}")


async def in_database(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs `work`, which uses the ORM, in a database thread and gives back what it returns or raises.

    Raises OperationalError at once while the database is away, and when it has not answered for long: what
    was asked may then have been done, or still be done.
    """
    running = asyncio.ensure_future(at_leisure(work, *args, **kwargs))
    running.add_done_callback(_seen)
    try:
        return await asyncio.wait_for(asyncio.shield(running), QUERY_SECS)
    except TimeoutError as error:
        if running.done():
            raise  # its own
        await asyncio.to_thread(availability.suspect)
        raise OperationalError(f"PostgreSQL did not answer within {QUERY_SECS:.0f} s") from error


async def at_leisure(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """As `in_database`, for work that may take long."""
    refuse_if_away()

    def run() -> R:
        try:
            refuse_if_away()  # it may have waited for its thread
            return work(*args, **kwargs)
        except Error as error:
            if is_away(error):
                availability.suspect()
            raise
        finally:
            close_old_connections()  # back into Django's pool

    return await sync_to_async(run, thread_sensitive=False, executor=_threads)()


def _seen(running: asyncio.Future[Any]) -> None:
    """Whoever waited has gone; what it came to is nobody's."""
    if not running.cancelled():
        running.exception()

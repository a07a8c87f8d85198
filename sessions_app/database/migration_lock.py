"""Migration lock: one process at a time prepares the database, however many start at once.

An advisory lock of a transaction, not of a session: it holds behind PgBouncer's transaction pooling, too.
Whoever waits asks again and again, and holds no connection meanwhile, which whoever works may need.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection

ASK_SECS = 0.5
KEY = int.from_bytes(b"greenrm1", "big", signed=True)  # of an advisory lock: 64 bits that others do not use


@contextmanager
def migration_lock(on_wait: Callable[[], None]) -> Iterator[None]:
    """Holds the lock; `on_wait` is called once if another process has it. Raises psycopg's errors.

    It is given up with its connection, so by a process that is killed, too.
    """
    with psycopg.connect(**connection.get_connection_params()) as held:
        told = False
        while not _taken(held):
            held.rollback()
            if not told:
                on_wait()
                told = True
            time.sleep(ASK_SECS)
        held.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield


def _taken(connection: psycopg.Connection) -> bool:
    row = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [KEY]).fetchone()
    return bool(row and row[0])

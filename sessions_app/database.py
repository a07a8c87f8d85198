"""Where the ORM runs when async code needs it: a few threads of our own.

Channels and asgiref run database work of all visitors in one thread, where one slow query holds up
every other. Here a query holds up one of several, and the audio path none.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

P = ParamSpec("P")
R = TypeVar("R")

THREADS = 8  # below the connection pool's size, so that a thread never waits for a connection
_threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="database")


async def in_database(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs `work`, which uses the ORM, in a database thread and gives back what it returns or raises."""

    def run() -> R:
        try:
            return work(*args, **kwargs)
        finally:
            close_old_connections()  # back into Django's pool

    return await sync_to_async(run, thread_sensitive=False, executor=_threads)()

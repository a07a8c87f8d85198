"""Threads for rendering prompts: a character's lore, patterns and macros are a stranger's work."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

THREADS = 2  # prompts may hold up each other
_threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="prompt")

P = ParamSpec("P")
R = TypeVar("R")


async def off_the_loop(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs work whose length strangers decide in one of a few threads: it must not hold up the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_threads, partial(work, *args, **kwargs))

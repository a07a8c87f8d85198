"""Threads for rendering prompts: a character's lore, patterns and macros are a stranger's work."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

PROMPT_THREADS = 2  # prompts may hold up each other
P = ParamSpec("P")
R = TypeVar("R")


class PromptThreads:
    """A few threads for work whose length strangers decide: it must not hold up the event loop."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=PROMPT_THREADS, thread_name_prefix="prompt")

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(work, *args, **kwargs))

"""Requests that nobody waits for any more, kept open until their first token.

A server that loads a model on demand gives the load up when its client goes (Ollama does). A client that
loses patience, or is interrupted, and asks again, would wait for ever.
"""

import asyncio
from contextlib import suppress
from typing import Any

_kept: dict[str, asyncio.Task[Any]] = {}  # by model: one load each is enough


def keep(model: str, request: asyncio.Task[Any], secs: float) -> None:
    """Lets `request` go on for at most `secs`; what comes of it is thrown away. It is this one's task now."""
    if model in _kept:
        request.cancel()
        return
    _kept[model] = asyncio.create_task(_wait(model, request, secs))


async def _wait(model: str, request: asyncio.Task[Any], secs: float) -> None:
    try:
        await asyncio.wait({request}, timeout=secs)
    finally:
        _kept.pop(model, None)
        request.cancel()
        with suppress(Exception, asyncio.CancelledError):
            stream, _ = await request
            await stream.close()

"""Servers of HTTP in the test's own loop, for what we ask of others."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web


@contextlib.asynccontextmanager
async def serving(app: web.Application, port: int = 0, **options: bool) -> AsyncIterator[int]:
    """Serves `app` on loopback at its port, one that is free for 0; `options` as of `web.AppRunner`."""
    runner = web.AppRunner(app, shutdown_timeout=0.1, **options)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def answering(
    handle: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncIterator[int]:
    """Any request is answered by `handle`, which is cancelled where its client goes; its port on loopback."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with serving(app, handler_cancellation=True) as port:
        yield port

"""How late an event loop runs: a task that wants to wake every tenth of a second, in either server.

`application` is Greenroom with the probe in front, `stock` is stock Pipecat with it. GET /probe answers and
begins anew.
"""

import asyncio
import itertools
import json
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

EVERY_SECS = 0.1
Scope = dict[str, Any]


class Probed:
    """An ASGI application that tells its loop's delays under /probe."""

    def __init__(self, app: Callable[..., Awaitable[None]]):
        self.app = app
        self.delays_ms: list[float] = []
        self._task: asyncio.Task | None = None

    async def _watch(self) -> None:
        while True:
            due = time.perf_counter() + EVERY_SECS
            await asyncio.sleep(EVERY_SECS)
            self.delays_ms.append((time.perf_counter() - due) * 1000)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._watch())
        if scope["type"] == "http" and scope["path"] == "/probe":
            delays, self.delays_ms = sorted(self.delays_ms), []

            def share(part: float) -> float:
                return round(delays[min(len(delays) - 1, int(len(delays) * part))], 2) if delays else 0.0

            body = json.dumps({"p50": share(0.5), "p95": share(0.95), "p99": share(0.99)}).encode()
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        await self.app(scope, receive, send)


def _hear_differently(path: str) -> None:
    """Each utterance is heard as the next question of a set: nothing is found because it was asked before."""
    from voicebot.providers import scripted

    lines = [line.split(" = ")[1] for line in Path(path).read_text().splitlines() if " = " in line]
    heard, plain = itertools.cycle(lines), scripted.ScriptedSTT.run_stt

    async def run_stt(self: Any, audio: bytes) -> Any:
        async for frame in plain(self, audio):
            frame.text = next(heard)
            yield frame

    scripted.ScriptedSTT.run_stt = run_stt  # type: ignore[method-assign]


def __getattr__(name: str) -> Probed:
    """Each server imports its own side only."""
    if name == "application":
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        from config.asgi import application

        if path := os.environ.get("BENCH_HEARD"):
            _hear_differently(path)
        return Probed(application)
    if name == "stock":
        if os.environ.get("BENCH_SERVICES") == "local":
            from benchmarks import django_ready  # noqa: F401
            from voicebot.providers.local import smollm

            os.environ["BENCH_LLM_URL"] = smollm.address()  # the same server, with the same threads, for both
        from benchmarks.stock_pipecat import app

        return Probed(app)
    raise AttributeError(name)

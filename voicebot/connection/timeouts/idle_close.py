"""Idle close: warns a visitor in whose connection nothing happens, and closes it if nothing does still."""

import asyncio
from collections.abc import Awaitable, Callable

from django.conf import settings

from voicebot.pipeline import VoicePipeline

IDLE = 4408  # the close code
LONGEST_WARNING_SECS = 30.0


def quiet_secs() -> tuple[float, float]:
    """Seconds of silence before the warning, and between the warning and the end of the connection."""
    whole = float(settings.SESSION_IDLE_TIMEOUT)
    warning = min(LONGEST_WARNING_SECS, whole / 3)
    return whole - warning, warning


class IdleClose:
    """The warning of one connection; `close(code, reason)` closes it."""

    def __init__(self, close: Callable[[int, str], Awaitable[None]]):
        self._close = close
        self._waiting: asyncio.Task | None = None

    async def warn(self, pipeline: VoicePipeline, secs: float) -> None:
        """It has been quiet: says so, and closes the line if it stays quiet for so long."""
        if self._waiting and not self._waiting.done():
            return
        self._waiting = asyncio.create_task(self._close_if_quiet(pipeline, secs))
        await pipeline.rtvi.send_server_message({"type": "expiring", "reason": "idle", "inSecs": round(secs)})

    async def _close_if_quiet(self, pipeline: VoicePipeline, secs: float) -> None:
        if not await pipeline.activity.stirs_within(secs):
            await self._close(IDLE, "It has been quiet for a while. Come back whenever you like.")

    @property
    def task(self) -> asyncio.Task | None:
        return self._waiting

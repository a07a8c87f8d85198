"""Connection: one to a server, kept open while it is used, made again with growing pauses when it is lost.

It lives in a task of its own: the SDK's transports are to be closed by whoever has opened them.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from voicebot.tools.mcp.errors import ServerAway
from voicebot.tools.mcp.fate import Fate, fate

log = logging.getLogger(__name__)

CONNECT_SECS = 5.0
IDLE_SECS = 600.0  # without a call, after which it is closed until the next
PAUSES_SECS = (1.0, 60.0)  # after the first failure, and the longest; a call ends all but a second of it
SHORT_LIVED_SECS = 10.0  # a connection that was lost sooner counts as a failure


class Talks(Protocol):
    """An open session, see `opening.Session`."""

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> Any: ...


Open = Callable[[Callable[[], None]], AbstractAsyncContextManager[Talks]]


class Connection:
    """`open` answers a session as a context manager, and is given what to call when that is lost."""

    def __init__(
        self,
        name: str,
        open: Open,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._name, self._open, self._clock, self._sleep = name, open, clock, sleep
        self._session: Talks | None = None
        self._task: asyncio.Task[None] | None = None
        self._lost, self._wanted, self._tried = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._used, self._busy = clock(), 0

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> Any:
        """What the tool gives. Its caller bounds the time. Raises ServerAway, ServerRefused.

        One that has certainly not run on a lost connection is called again on the next.
        """
        for again in (True, False):
            session = await self._connected()
            known = Fate()
            token = fate.set(known)
            self._busy += 1
            try:
                return await session.call(tool, arguments)
            except Exception as error:
                if known.not_run or isinstance(error, ServerAway):
                    self._drop(session)
                if not (again and known.not_run):
                    raise
            finally:
                self._busy -= 1
                self._used = self._clock()
                fate.reset(token)
        raise AssertionError

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _connected(self) -> Talks:
        """The session, as soon as there is one. Raises ServerAway when the next attempt fails."""
        self._used = self._clock()
        if self._session is not None:
            return self._session
        tried = self._tried
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=f"tools of {self._name}")
        self._wanted.set()
        await tried.wait()
        if self._session is None:
            raise ServerAway
        return self._session

    def _drop(self, session: Talks) -> None:
        if self._session is session:
            self._session = None
            self._lost.set()

    # --- the task ---

    async def _run(self) -> None:
        failures = 0
        try:
            while not self._idle:
                began = self._clock()
                self._wanted.clear()
                self._lost.clear()
                connected, why = await self._attempt()
                self._session = None
                if connected and self._clock() - began >= SHORT_LIVED_SECS:
                    failures = 0
                    continue
                failures += 1
                if not connected:
                    self._end_attempt()
                if failures == 1:
                    log.warning("the server of tools %s is away (%s)", self._name, why)
                await self._pause(failures)
        finally:
            self._session = None
            self._end_attempt()

    async def _attempt(self) -> tuple[bool, str]:
        """Connects, and stays so until the connection is lost or nobody needs it.

        Answers whether it was connected, and what went wrong.
        """
        connected = False
        try:
            async with asyncio.timeout(CONNECT_SECS) as bound, self._open(self._lost.set) as session:
                bound.reschedule(None)
                self._lost.clear()  # what is heard while both sides agree on a version
                self._session, connected = session, True
                self._end_attempt()
                while not self._lost.is_set() and not self._idle:
                    await self._either(self._lost, IDLE_SECS)
                self._session = None
        except Exception as error:  # its text may quote what was said
            cause: BaseException = error
            while isinstance(cause, BaseExceptionGroup):
                cause = cause.exceptions[0]
            return connected, type(cause).__name__
        return connected, "lost"

    def _end_attempt(self) -> None:
        """Whoever waits hears what came of it."""
        tried, self._tried = self._tried, asyncio.Event()
        tried.set()

    @property
    def _idle(self) -> bool:
        return not self._busy and self._clock() - self._used >= IDLE_SECS

    async def _pause(self, failures: int) -> None:
        first, most = PAUSES_SECS
        await self._sleep(first)
        rest = min(first * 2 ** min(failures - 1, 16), most) - first
        if rest > 0:
            await self._either(self._wanted, rest)

    async def _either(self, event: asyncio.Event, secs: float) -> None:
        """Waits for an event, at most so many seconds."""
        waits = [asyncio.ensure_future(self._sleep(secs)), asyncio.create_task(event.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

"""Writes turns beside the audio path: nothing audible waits for the database, and nothing is lost to it.

A turn is handed over in memory and written by a task of its own, which tries until the database takes it.
The writer of a session belongs to the process, not to a connection: what a visitor who left has said is
still written, and who comes back to this process finds it there.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from sessions_app.exceptions import SessionError
from sessions_app.history import Role, Turn
from sessions_app.manager import SessionManager

log = logging.getLogger(__name__)

MOST_WAITING = 500  # turns of one session: an hour of talk without a database
BATCH = 50
FIRST_RETRY_SECS, LAST_RETRY_SECS = 0.25, 1.0


class HistoryFull(Exception):
    """The database has been away for so long that no more can be kept in memory."""

    quotable = True


class Recorder:
    """Takes the turns of one session and writes them, in order and once each."""

    def __init__(
        self,
        manager: SessionManager,
        session_id: UUID,
        written: int,
        clock: Callable[[], datetime] = timezone.now,
    ):
        self._manager = manager
        self._session_id = session_id
        self._clock = clock
        self._sequence = written
        self._waiting: deque[Turn] = deque()
        self._task: asyncio.Task | None = None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def sequence(self) -> int:
        """The last turn's sequence number."""
        return self._sequence

    def add(
        self,
        role: Role,
        text: str,
        *,
        interrupted: bool = False,
        version: str = "",
        latency_ms: int | None = None,
    ) -> Turn:
        """Hands over a finished turn, at once. Raises HistoryFull."""
        if len(self._waiting) >= MOST_WAITING:
            raise HistoryFull("The database has been away for too long to remember more.")
        self._sequence += 1
        turn = Turn(self._sequence, role, text, interrupted, self._clock(), version, latency_ms)
        self._waiting.append(turn)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write(), name=f"history of {self._session_id}")
        return turn

    def behind(self, written: int) -> None:
        """Goes on after what another process has written meanwhile."""
        self._sequence = max(self._sequence, written)

    async def _write(self) -> None:
        pause = FIRST_RETRY_SECS
        while self._waiting:
            batch = list(self._waiting)[:BATCH]
            try:
                await self._manager.append(self._session_id, batch)
            except SessionError as error:  # erased, or unreadable: there is nowhere to write to
                log.warning("%d turns of session %s dropped: %s", self.waiting, self._session_id, error)
                self._waiting.clear()
                return
            except Exception:
                log.exception("turns of session %s wait for the database", self._session_id)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LAST_RETRY_SECS)
                continue
            for _ in batch:
                self._waiting.popleft()
            pause = FIRST_RETRY_SECS

    async def flush(self, secs: float) -> bool:
        """Waits until everything is written, at most so long; whether it is."""
        if self._task is not None and not self._task.done():
            await asyncio.wait({self._task}, timeout=secs)
        return not self._waiting


class Recorders:
    """The recorders of this process. One is kept until its session has left and all is written."""

    def __init__(self) -> None:
        self._recorders: dict[UUID, Recorder] = {}
        self._leaving: set[asyncio.Task] = set()

    def of(self, manager: SessionManager, session_id: UUID) -> Recorder:
        """The recorder of a session, a new one if it has none here."""
        return self._recorders.setdefault(session_id, Recorder(manager, session_id, 0))

    @property
    def waiting(self) -> int:
        """Turns of all sessions that are not written yet."""
        return sum(recorder.waiting for recorder in self._recorders.values())

    async def settled(self, session_id: UUID, secs: float) -> bool:
        """Waits until what this process still has of a session is written."""
        recorder = self._recorders.get(session_id)
        return recorder is None or await recorder.flush(secs)

    async def leave(self, session_id: UUID, secs: float) -> None:
        """The connection is gone: waits a little, and lets the rest be written without anybody waiting."""
        recorder = self._recorders.get(session_id)
        if recorder is None or await recorder.flush(secs):
            self._recorders.pop(session_id, None)
            return
        task = asyncio.create_task(self._finish(session_id, recorder))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _finish(self, session_id: UUID, recorder: Recorder) -> None:
        while not await recorder.flush(3600):
            pass
        if self._recorders.get(session_id) is recorder and not recorder.waiting:
            del self._recorders[session_id]

    async def flush(self, secs: float) -> int:
        """The process stops: writes what it can; returns how many turns are left unwritten."""
        await asyncio.gather(*(recorder.flush(secs) for recorder in self._recorders.values()))
        return self.waiting


recorders = Recorders()

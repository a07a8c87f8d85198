"""History writer: turns are written beside the audio path, so that nothing audible waits for the database.

A turn is sealed once, in the moment it is made, and handed over in memory. A task of the session's writes it,
and tries until the database takes it; meanwhile the spool has it, for the case that this process is killed.
The writer of a session belongs to the process, not to a connection: what a visitor who left has said is still
written, and who comes back to this process finds it there.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db import InterfaceError, OperationalError

from characters.text import cleaned
from sessions_app.crypto import Sealer
from sessions_app.database import database_clock
from sessions_app.exceptions import RecordUnreadable, SessionError, SessionNotFound
from sessions_app.session import EVENT_TABLE, Role, ToolCall, Turn
from sessions_app.shared_cache import AWAY
from sessions_app.stores import Appended, TurnRecord
from voicebot.history.freshness import Freshness
from voicebot.history.spool import Spool, SpoolFull

log = logging.getLogger(__name__)

MOST_WAITING = 500  # turns of one session: an hour of talk without a database
WRITE_BATCH = 50
FIRST_RETRY_SECS, LAST_RETRY_SECS = 0.25, 1.0
MOST_TRIES = 4  # with an error that does not pass
ON_DISK_SECS = 0.5  # without an answer, after which turns are made safe from a power cut, too

# What passes by itself: a database or cache that is away, or too busy. Anything else is tried a few times.
TRANSIENT_ERRORS = (OperationalError, InterfaceError, SessionError, TimeoutError, *AWAY)
NOWHERE = (SessionNotFound, RecordUnreadable)  # erased, or its key is gone


class HistoryFull(Exception):
    """The database has been away for so long that no more can be kept."""

    quotable = True


class Appends(Protocol):
    async def append_sealed(self, session_id: UUID | str, turns: Sequence[TurnRecord]) -> Appended: ...


class SpoolThread:
    """The spool, in a thread of its own: the event loop never waits for the disk."""

    def __init__(self, spool: Spool):
        self.spool = spool
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self._full = False

    def keep(self, session_id: UUID, turn: TurnRecord) -> None:
        self._thread.submit(self._keep, session_id, turn)

    def _keep(self, session_id: UUID, turn: TurnRecord) -> None:
        try:
            self.spool.append([(session_id, turn)])
            self._full = False
        except SpoolFull as error:
            if not self._full:
                log.error("the spool takes no turns: %s. They are in memory only.", error)
            self._full = True

    def home(self, turns: Sequence[TurnRecord]) -> None:
        self._thread.submit(self.spool.home, [turn.identity for turn in turns])

    def sync(self) -> Future[None]:
        return self._thread.submit(self.spool.sync)

    def refuse(self, session_id: UUID, turn: TurnRecord) -> None:
        self._thread.submit(self._refuse, session_id, turn)

    def _refuse(self, session_id: UUID, turn: TurnRecord) -> None:
        try:
            log.error("it is kept, sealed, in %s", self.spool.refuse([(session_id, turn)]))
        except SpoolFull as error:
            log.error("a turn is lost: %s", error)

    def close(self) -> None:
        """Waits until everything handed over is in the files, and lets go of them."""
        self._thread.submit(self.spool.close).result()
        self._thread.shutdown()


class HistoryWriter:
    """Takes the turns of one session and writes them, in order and once each."""

    def __init__(
        self,
        manager: Appends,
        session_id: UUID,
        sealer: Sealer,
        spool: SpoolThread,
        clock: Callable[[], datetime] = database_clock.carried,
    ):
        self._manager = manager
        self._session_id = session_id
        self._sealer = sealer
        self._spool = spool
        self._clock = clock
        self._sequence = 0
        self._waiting: deque[TurnRecord] = deque()
        self._task: asyncio.Task | None = None
        self.freshness = Freshness()
        self.connection: UUID | None = None  # that has the session, as far as this process knows
        self.on_replaced: Callable[[], None] = lambda: None  # another one has it: the database says so
        self.usage: Callable[[], str] = lambda: ""  # what it has used since the last turn, see `Meter`

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
        turn = Turn(self._sequence, role, cleaned(text), interrupted, self._clock(), version, latency_ms)
        sealed = replace(turn.sealed(self._sealer), usage=self.usage())
        self._waiting.append(sealed)
        self._spool.keep(self._session_id, sealed)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write(), name=f"history of {self._session_id}")
        return turn

    def behind(self, written: int) -> None:
        """Goes on after what others have written meanwhile, or may still write."""
        self._sequence = max(self._sequence, written)

    def sealed_beside(self, call: ToolCall) -> bytes:
        """A tool's call for who is told of it: under the session's key, bound to the call."""
        return self._sealer.seal(EVENT_TABLE, "call", 0, call.as_words(), bound=call.id[:60])

    # --- writing ---

    async def _write(self) -> None:
        pause, tries = FIRST_RETRY_SECS, 0
        while self._waiting:
            batch = list(self._waiting)[:WRITE_BATCH]
            try:
                await self._append(batch)
            except NOWHERE as error:
                log.warning("%d turns of session %s dropped: %s", self.waiting, self._session_id, error)
                self._done(list(self._waiting))
                return
            except TRANSIENT_ERRORS:
                tries = 0
            except Exception:
                tries += 1
                log.exception("turns of session %s are refused", self._session_id)
                if tries >= MOST_TRIES:
                    await self._write_singly(batch)
                    tries = 0
                    continue
            else:
                self._done(batch)
                pause, tries = FIRST_RETRY_SECS, 0
                continue
            self.freshness.failed()
            await self._to_disk()
            await asyncio.sleep(pause)
            pause = min(2 * pause, LAST_RETRY_SECS)

    async def _append(self, batch: Sequence[TurnRecord]) -> None:
        """Writes turns; while the answer is not there yet, they are made safe."""
        asked_at = self.freshness.clock()
        asked = asyncio.ensure_future(self._manager.append_sealed(self._session_id, batch))
        done, _ = await asyncio.wait({asked}, timeout=ON_DISK_SECS)
        if not done:
            await self._to_disk()
        appended = await asked
        self.freshness.said(appended.memories, asked_at)
        if appended.holder is not None and self.connection not in (None, appended.holder):
            self.on_replaced()

    async def _to_disk(self) -> None:
        try:
            await asyncio.wrap_future(self._spool.sync())
        except SpoolFull as error:
            log.error("the spool is not safe from a power cut: %s", error)

    async def _write_singly(self, batch: Sequence[TurnRecord]) -> None:
        """One of them is refused, and not because anybody is away: the others are written all the same."""
        for turn in batch:
            try:
                await self._append_somehow(turn)
            except TRANSIENT_ERRORS:
                return  # `_write` tries again, or finds that there is nowhere to write to
            except Exception as error:
                kind = type(error).__name__
                log.error(
                    "a turn of session %s is put aside: the database refuses it (%s)", self._session_id, kind
                )
                self._spool.refuse(self._session_id, turn)
            self._done([turn])

    async def _append_somehow(self, turn: TurnRecord) -> None:
        try:
            await self._append([turn])
        except TRANSIENT_ERRORS:
            raise
        except Exception:
            # Figures are nobody's words: a turn without them is better than none.
            await self._append([replace(turn, latency_ms=None, usage="")])

    def _done(self, turns: Sequence[TurnRecord]) -> None:
        """These need not be written any more: they are what waits first."""
        for _ in turns:
            self._waiting.popleft()
        self._spool.home(turns)

    async def flush(self, secs: float) -> bool:
        """Waits until everything is written, at most so long; whether it is."""
        if self._task is not None and not self._task.done():
            await asyncio.wait({self._task}, timeout=secs)
        return not self._waiting


class HistoryWriters:
    """The writers of this process. One is kept while a connection has it, and until all is written."""

    def __init__(self, spool: SpoolThread) -> None:
        self._spool = spool
        self._writers: dict[UUID, HistoryWriter] = {}
        self._holders: dict[UUID, int] = {}
        self._leaving: set[asyncio.Task] = set()

    def take(self, manager: Appends, session_id: UUID, sealer: Sealer) -> HistoryWriter:
        """The writer of a session, a new one if it has none here; given back by `leave`."""
        if session_id not in self._writers:
            self._writers[session_id] = HistoryWriter(manager, session_id, sealer, self._spool)
        self._holders[session_id] = self._holders.get(session_id, 0) + 1
        return self._writers[session_id]

    @property
    def waiting(self) -> int:
        """Turns of all sessions that are not written yet."""
        return sum(writer.waiting for writer in self._writers.values())

    async def settled(self, session_id: UUID, secs: float) -> bool:
        """Waits until what this process still has of a session is written."""
        writer = self._writers.get(session_id)
        return writer is None or await writer.flush(secs)

    async def leave(self, session_id: UUID, secs: float) -> bool:
        """A connection is gone: waits a little, and lets the rest be written without anybody waiting.

        Whether everything is written.
        """
        writer = self._writers.get(session_id)
        if writer is None:
            return True
        self._holders[session_id] = max(0, self._holders.get(session_id, 0) - 1)
        if await writer.flush(secs):
            self._forget(session_id)
            return True
        task = asyncio.create_task(self._finish(session_id, writer))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
        return False

    def _forget(self, session_id: UUID) -> None:
        """Forgets a writer that no connection has and that has nothing to write."""
        writer = self._writers.get(session_id)
        if writer and not self._holders.get(session_id) and not writer.waiting:
            del self._writers[session_id]
            self._holders.pop(session_id, None)

    async def _finish(self, session_id: UUID, writer: HistoryWriter) -> None:
        while not await writer.flush(3600):
            pass
        self._forget(session_id)

    async def flush(self, secs: float) -> int:
        """The process stops: writes what it can; returns how many turns are left for the spool."""
        await asyncio.gather(*(writer.flush(secs) for writer in self._writers.values()))
        return self.waiting

"""Spool recovery: gives the database what processes that were killed have left in the spool."""

import asyncio
import itertools
import logging
from contextlib import suppress
from pathlib import Path

from sessions_app.crypto import key_ring
from sessions_app.database import at_leisure, availability
from sessions_app.exceptions import RecordUnreadable, SessionNotFound
from sessions_app.manager import SyncSessionManager
from voicebot.history.spool import LeftBehind, Spool
from voicebot.history.writer import TRANSIENT_ERRORS

log = logging.getLogger(__name__)

RECOVERY_SECS = 5.0
RECOVERY_BATCH = 50


class SpoolRecovery:
    """Looks for files of processes that are gone, at the start and from time to time, and empties them."""

    def __init__(self, spool: Spool, manager: SyncSessionManager | None = None):
        self._spool = spool
        self._manager = manager or SyncSessionManager()
        self._unreadable: set[Path] = set()  # told of once

    async def run(self) -> None:
        """Goes on until it is cancelled."""
        while True:
            if not availability.away:
                try:
                    await at_leisure(self.bring_home)
                except TRANSIENT_ERRORS:
                    pass  # the database is away again: whoever found out has said so
                except Exception:
                    log.exception("the spool could not be brought home; trying again")
            await asyncio.sleep(RECOVERY_SECS)

    async def try_now(self) -> None:
        """Brings home what lies here before somebody reads what was said; nothing without a database."""
        with suppress(*TRANSIENT_ERRORS):
            await at_leisure(self.bring_home)

    def bring_home(self) -> int:
        """Writes all that was left behind; how many turns that was. Uses the database.

        Raises what the database raises while it is away; the rest is then brought home the next time.
        """
        return sum(self._empty(file) for file in self._spool.left_behind())

    def _empty(self, file: LeftBehind) -> int:
        try:
            turns, unreadable = file.turns()
        except RecordUnreadable:
            if file.path not in self._unreadable:
                self._unreadable.add(file.path)
                log.error(
                    "%s does not open: its key is not in SESSION_KEYS. Put the old key behind the new one, "
                    "and it is brought home.",
                    file.path,
                )
            return 0
        written = 0
        for session_id, of_session in itertools.groupby(turns, key=lambda spooled: spooled[0]):
            waiting = [turn for _, turn in of_session]
            try:
                for start in range(0, len(waiting), RECOVERY_BATCH):
                    self._manager.append_sealed(session_id, waiting[start : start + RECOVERY_BATCH])
                written += len(waiting)
            except SessionNotFound:
                log.info("%d spooled turns dropped: their session was erased", len(waiting))
            except RecordUnreadable:
                log.warning("%d spooled turns of session %s do not open", len(waiting), session_id)
        if unreadable:
            log.error("%d records do not open; they are kept in %s", unreadable, file.put_aside())
        else:
            file.remove()
        if turns:
            log.warning("brought %d turns home from the spool of a process that has ended", written)
        return written

    def still_under_other_keys(self) -> str:
        """Brings home what can be, and says what of it an older key still protects; '' if nothing."""
        self.bring_home()
        left = self._spool.under_other_keys(key_ring().active)
        if not left:
            return ""
        return (
            f"{left} files of the spool need an older key still: they belong to processes that run. Restart "
            "those, and run this again before the old key goes."
        )

"""What is remembered of sessions, and for how long: history, summaries, erasure, retention, rotation."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from sessions_app.exceptions import RecordUnreadable, SessionNotFound
from sessions_app.history import Past, Turn
from sessions_app.keyring import WrappedKey, key_ring
from sessions_app.lifecycle import LIVE, Lifecycle, State, as_uuid
from sessions_app.records import Summary, TurnRecord
from sessions_app.sealing import Sealer
from sessions_app.session import sealer_of
from sessions_app.signals import sessions_over
from sessions_app.stores.base import Condition, Removed


class Archive(Lifecycle):
    """Sessions and all that they hold."""

    # --- history ---

    def history(self, session_id: UUID | str, *, after: int = 0, newest: int | None = None) -> list[Turn]:
        """The turns of a session, live or over, in the order in which they were spoken.

        Raises SessionNotFound, RecordUnreadable.
        """
        record = self.record(session_id)
        return self._spoken(sealer_of(record), self.store.turns(record.id, after=after, newest=newest))

    @staticmethod
    def _spoken(sealer: Sealer, found: Sequence[TurnRecord]) -> list[Turn]:
        """Opens turns, and puts them in the order of their time.

        A turn that could not be written while the database was away may be written after later ones, by
        another process, and then has a later number.
        """
        return sorted((Turn.opened(turn, sealer) for turn in found), key=lambda turn: turn.created_at)

    def past(self, session_id: UUID | str, newest: int) -> Past:
        """What to go on from: the summary, and at most the `newest` turns after it."""
        record = self.record(session_id)
        sealer = sealer_of(record)
        summary = self.store.summary(record.id)
        text, upto = "", 0
        if summary is not None:
            text, upto = sealer.open("summary", "text", summary.upto, summary.sealed), summary.upto
        found = self.store.turns(record.id, after=upto, newest=newest)
        return Past(text, upto, self._spoken(sealer, found))

    def keep_summary(self, session_id: UUID | str, upto: int, text: str) -> bool:
        """Keeps what the turns up to `upto` came to; False if a summary covers as much already."""
        record = self.record(session_id)
        sealed = sealer_of(record).seal("summary", "text", upto, text)
        return self.store.summarise(record.id, Summary(upto, sealed, self.clock()))

    def append(self, session_id: UUID | str, turns: Sequence[Turn]) -> None:
        """Writes finished turns, each once. Raises SessionNotFound.

        Writing them again changes nothing. A turn whose place another process has taken meanwhile goes to
        the end.
        """
        record = self.record(session_id)
        sealer = sealer_of(record)
        waiting = list(turns)
        while waiting:
            records = [turn.sealed(sealer) for turn in waiting]
            refused = set(self.store.append(record.id, records))
            if not refused:
                return
            taken = [turn for turn in waiting if turn.sequence in refused]
            last = max((turn.sequence for turn in self.store.turns(record.id, newest=1)), default=0)
            waiting = [replace(turn, sequence=last + number) for number, turn in enumerate(taken, 1)]

    # --- forgetting ---

    def erase(self, session_id: UUID | str) -> Removed:
        """Destroys the data key and the rows. Raises SessionNotFound."""
        removed = self._delete([as_uuid(session_id)])
        if not removed.sessions:
            raise SessionNotFound
        return removed

    def _delete(self, session_ids: Sequence[UUID]) -> Removed:
        removed = sum((self.store.delete(session_id) for session_id in session_ids), Removed())
        sessions_over.send(type(self), session_ids=list(session_ids))
        return removed

    def erase_visitor(self, visitor: str, character: str = "") -> Removed:
        """Erases every session of a visitor, or only those with one character."""
        mine = self.store.of_visitor(visitor)
        return self._delete([r.id for r in mine if not character or r.character == character])

    def end_visitor(self, visitor: str, reason: str) -> list[UUID]:
        """Ends every live session of a visitor; returns those it ended."""
        now = self.clock()
        live = [record.id for record in self.store.of_visitor(visitor) if record.state in LIVE]
        return [session_id for session_id in live if self._finish(session_id, State.ENDED, reason, now)]

    def purge(self, now: datetime | None = None, *, batch: int = 500) -> dict[str, int]:
        """Expires what has run out and removes what is past SESSION_RETENTION. Returns counts of both."""
        moment = now or self.clock()
        counts = {"expired": 0, "removed": 0, "turns": 0}
        while due := self.store.expired(moment, batch):
            moved = 0
            for session_id in due:
                moved += self._finish(session_id, State.EXPIRED, "expired", moment)
            counts["expired"] += moved
            if not moved:
                break
        before = moment - timedelta(seconds=settings.SESSION_RETENTION)
        while due := self.store.past_retention(before, batch):
            removed = self._delete(due)
            counts["removed"] += removed.sessions
            counts["turns"] += removed.turns
            if not removed.sessions:
                break
        return counts

    def due(self, now: datetime | None = None) -> dict[str, int]:
        """How many sessions `purge` would expire and remove at this moment."""
        moment, every = now or self.clock(), 1_000_000
        before = moment - timedelta(seconds=settings.SESSION_RETENTION)
        return {
            "expired": len(self.store.expired(moment, every)),
            "removed": len(self.store.past_retention(before, every)),
        }

    def rotate(self, *, batch: int = 200) -> int:
        """Rewraps every data key that an older key wraps; returns how many. Payloads are not touched.

        Goes on beside a running server, and after being stopped: what is rewrapped already is not found
        again. A data key that does not unwrap is left as it is, for whoever finds the lost key.
        """
        ring, done, after = key_ring(), 0, None
        while found := self.store.wrapped_by_others(ring.active, after, batch):
            after = found[-1].id
            for record in found:
                try:
                    data_key = ring.unwrap(WrappedKey(record.key_id, record.wrapped_key), record.id)
                except RecordUnreadable:
                    continue
                wrapped = ring.wrap(data_key, record.id)
                condition = Condition(equal={"key_id": record.key_id})
                changes = {"key_id": wrapped.key_id, "wrapped_key": wrapped.data}
                done += self.store.change(record.id, changes, condition) is not None
        return done

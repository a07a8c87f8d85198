"""Session history: what is remembered of sessions, and for how long: turns, summaries, retention, erasure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings

from sessions_app import costs, documents, memories, outbox
from sessions_app.crypto import Sealer
from sessions_app.exceptions import LimitReached, SessionNotFound
from sessions_app.manager.key_rotation import rewrap_all
from sessions_app.manager.reader import SessionReader
from sessions_app.memories import SyncMemories
from sessions_app.models import EventKind
from sessions_app.session import Coverage, Lore, Past, Turn, as_uuid, sealer_of
from sessions_app.signals import sessions_over
from sessions_app.stores import CONTENTION_TRIES, Appended, Removed, SummaryRecord, TurnRecord

SWEPT_AT_ONCE = 2_000  # sessions of one statement
CARRIED_TURNS = 40  # that a session begun from another one knows word for word
UNOPENED_SECS = 1800  # how long a session waits for its first connection; then nothing is left of it


def _opened(sealer: Sealer, found: Sequence[TurnRecord]) -> list[Turn]:
    return [Turn.opened(turn, sealer) for turn in found]


def _summary_of(summary: SummaryRecord, sealer: Sealer) -> tuple[str, Coverage, Lore]:
    """A summary's text, what it covers, and the lore remembered. Those of earlier versions are text alone."""
    value = sealer.open("summary", "text", summary.upto, summary.sealed)
    if isinstance(value, str):
        return value, Coverage(summary.upto), None
    gaps = tuple((int(first), int(last)) for first, last in value["gaps"])
    return value["text"], Coverage(summary.upto, gaps), value.get("lore")


def _finished(session_id: UUID, turns: Sequence[TurnRecord]) -> list[outbox.Happening]:
    return [
        outbox.Happening(
            EventKind.TURN,
            turn.created_at,
            session_id,
            {"id": str(turn.identity), **outbox.facts_of(turn, outbox.TURN_FACTS)},
        )
        for turn in turns
        if turn.role != "tool"
    ]


class SessionHistory:
    """Writes, reads and erases what was said in sessions."""

    def __init__(self, reader: SessionReader):
        self._reader = reader
        self._memories = SyncMemories(reader.clock)

    # --- turns and summaries ---

    def turns(
        self,
        session_id: UUID | str,
        *,
        after: int = 0,
        newest: int | None = None,
        oldest: int | None = None,
    ) -> list[Turn]:
        """The turns of a session, live or over, in the order in which they were spoken; see Store.turns.

        Raises SessionNotFound, RecordUnreadable.
        """
        record = self._reader.record(session_id)
        found = self._reader.store.turns(record.id, after=after, newest=newest, oldest=oldest)
        return _opened(sealer_of(record), found)

    def past(self, session_id: UUID | str, newest: int) -> Past:
        """What to go on from: the summary, and at most the `newest` turns that it does not cover."""
        record = self._reader.record(session_id)
        sealer = sealer_of(record)
        summary = self._reader.store.summary(record.id)
        if summary is None:
            return Past("", Coverage(), _opened(sealer, self._reader.store.turns(record.id, newest=newest)))
        text, covered, lore = _summary_of(summary, sealer)
        found = self._reader.store.turns(record.id, after=covered.upto, newest=newest)
        if covered.gaps and newest > len(found):
            before = self._reader.store.turns(record.id, after=covered.after)
            late = [turn for turn in before if covered.lacks(turn.sequence)]
            found = [*late, *found][-newest:]
        return Past(text, covered, _opened(sealer, found), lore)

    def keep_summary(self, session_id: UUID | str, covered: Coverage, text: str, lore: Lore = None) -> bool:
        """Keeps what the turns of `covered` came to, and the `lore` remembered of them, as JSON.

        False if a summary reaches as far already.
        """
        record = self._reader.record(session_id)
        value = {"text": text, "gaps": covered.gaps, "lore": lore}
        sealed = sealer_of(record).seal("summary", "text", covered.upto, value)
        return self._reader.store.summarise(
            record.id, SummaryRecord(covered.upto, sealed, self._reader.clock())
        )

    def append(self, session_id: UUID | str, turns: Sequence[Turn]) -> Appended:
        """Writes finished turns, each once, however often it is tried; see `append_sealed`."""
        sealer = self._reader.sealer(session_id)
        return self.append_sealed(session_id, [turn.sealed(sealer) for turn in turns])

    def append_sealed(self, session_id: UUID | str, turns: Sequence[TurnRecord]) -> Appended:
        """Writes turns as they were sealed when they were made. What became of them; `refused` is empty.

        A turn whose identity is there already changes nothing. One whose number is another turn's, because
        two processes each believed to have the session, goes to the end and keeps its identity. Raises
        SessionNotFound, and RecordUnreadable if a turn has to be given another number and does not open.
        """
        return self._append(as_uuid(session_id), turns)

    def _append(self, key: UUID, turns: Sequence[TurnRecord], *, told: bool = True) -> Appended:
        waiting, done = list(turns), Appended([], None)
        if not self._reader.store.in_rows:  # where they are, turns and usage are one statement
            for text in filter(None, (turn.usage for turn in turns)):
                self.count(key, text)
            waiting = [replace(turn, usage="") for turn in turns]
        for _ in range(CONTENTION_TRIES):
            if not waiting:
                return done
            done = self._reader.store.append(key, waiting)
            if told:
                outbox.tell(_finished(key, [turn for turn in waiting if turn.identity in done.added]))
            if not done.refused:
                return done
            sealer = self._reader.sealer(key)
            taken = [Turn.opened(turn, sealer) for turn in waiting if turn.sequence in done.refused]
            last = max((turn.sequence for turn in self._reader.store.turns(key, newest=1)), default=0)
            waiting = [
                replace(turn, sequence=last + number).sealed(sealer) for number, turn in enumerate(taken, 1)
            ]
        raise LimitReached("Too many writers of one conversation at once.")

    def count(self, session_id: UUID | str, usage: str) -> None:
        """Writes what a session has used, see `costs.counting.keep`, where no turn takes it along."""
        costs.keep(as_uuid(session_id), usage, in_rows=self._reader.store.in_rows)

    def carry_over(self, earlier: UUID | str, session_id: UUID | str) -> None:
        """Begins a new session with the end of an earlier one: its summary, and a copy of its newest turns.

        What was said keeps its time. The copies are sealed under the new session's key, and are erased with
        that session. Raises SessionNotFound, RecordUnreadable.
        """
        past = self.past(earlier, newest=CARRIED_TURNS)
        first = 2 if past.summary else 1  # the summary stands for one turn before them
        copies = [
            replace(turn, sequence=number, identity=uuid4()) for number, turn in enumerate(past.turns, first)
        ]
        if past.summary:
            self.keep_summary(session_id, Coverage(first - 1), past.summary)
        if copies:
            key, sealer = as_uuid(session_id), self._reader.sealer(session_id)
            self._append(key, [turn.sealed(sealer) for turn in copies], told=False)

    # --- forgetting ---

    def erase(self, session_id: UUID | str) -> Removed:
        """Destroys the data key and the rows. Raises SessionNotFound."""
        removed = self._delete([as_uuid(session_id)])
        if not removed.sessions:
            raise SessionNotFound
        return removed

    def _remove(self, session_ids: Sequence[UUID]) -> Removed:
        if not self._reader.store.in_rows:
            costs.forget(session_ids)
        return self._reader.store.delete(session_ids)

    def _delete(self, session_ids: Sequence[UUID]) -> Removed:
        removed = self._remove(session_ids)
        sessions_over.send(type(self), session_ids=list(session_ids))
        return removed

    def erase_visitor(self, visitor: str, character: str = "") -> Removed:
        """Erases every session of a visitor, or only those with one character, and what it remembers."""
        forgotten = self._memories.forget_all(visitor, character)
        sessions = self._reader.store.of_visitor(visitor, character=character)
        return forgotten + self._delete([record.id for record in sessions])

    def purge(self, now: datetime | None = None, *, batch: int = SWEPT_AT_ONCE) -> dict[str, int]:
        """Expires what has run out, and removes what is past SESSION_RETENTION or was never opened.

        Returns counts. Several processes may do it at once: each takes other sessions.
        """
        moment, store = now or self._reader.clock(), self._reader.store
        expired, removed = 0, Removed()
        while due := store.expire(moment, batch):
            expired += len(due)
            outbox.tell(
                outbox.Happening(EventKind.ENDED, moment, one.id, one.facts)
                for one in due
                if one.facts.get("connections")
            )
            if connected := [session.id for session in due if session.connected]:
                sessions_over.send(type(self), session_ids=connected)
        before = moment - timedelta(seconds=settings.SESSION_RETENTION)
        unopened_before = moment - timedelta(seconds=UNOPENED_SECS)
        for found, until in ((store.past_retention, before), (store.unused, unopened_before)):
            while over := found(until, batch):
                # They are over, or were never begun: no connection has to hear of it.
                gone = self._remove(over)
                removed += gone
                if not gone.sessions:
                    break
        removed += self.erase_again(batch=batch)
        removed += memories.purge(moment)
        counts = {"expired": expired, "removed": removed.sessions, "turns": removed.turns}
        more = {"memories": removed.memories, "events": outbox.retention.purge(moment)}
        return counts | {name: count for name, count in more.items() if count}

    def erase_again(self, *, batch: int = SWEPT_AT_ONCE) -> Removed:
        """Erases what the journal of erasures names and a restored backup has brought back."""
        removed = Removed()
        while found := self._reader.store.erased_again(batch):
            gone = self._delete(found)
            removed += gone
            if not gone.sessions:
                break
        return removed + memories.erase_again() + Removed(documents=documents.erase_again())

    def due(self, now: datetime | None = None) -> dict[str, int]:
        """How many sessions `purge` would expire and remove at this moment."""
        moment = now or self._reader.clock()
        ended_before = moment - timedelta(seconds=settings.SESSION_RETENTION)
        expired, removed = self._reader.store.due(moment, ended_before)
        return {"expired": expired, "removed": removed}

    def rotate(self, *, batch: int = 200) -> int:
        """Rewraps every data key that an older key wraps; returns how many. Payloads are not touched.

        Goes on beside a running server, and after being stopped: what is rewrapped already is not found
        again. A data key that does not unwrap is left as it is, for whoever finds the lost key.
        """
        return rewrap_all(self._reader.store, batch)

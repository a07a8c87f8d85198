"""The life of a session: touched, changed, left, ended. Every transition is one atomic step."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sessions_app import tokens
from sessions_app.admission import Admission
from sessions_app.exceptions import LimitReached, Replaced, SessionNotFound
from sessions_app.ledger import LIVE, TOUCH_SECS, Clock, State, as_uuid
from sessions_app.metadata import checked, merge_patch
from sessions_app.records import Record
from sessions_app.session import TABLE, Session, sealer_of
from sessions_app.signals import sessions_over
from sessions_app.stores.base import Condition

__all__ = ["LIVE", "TOUCH_SECS", "Clock", "Lifecycle", "State", "as_uuid"]
CONTENTION_TRIES = 8  # writers of one session's metadata at the same moment


class Lifecycle(Admission):
    """Sessions that live. `clock` gives aware datetimes and is injected by tests."""

    def update(
        self,
        session_id: UUID | str,
        *,
        metadata: Mapping[str, Any] | None = None,
        replace: bool = False,
        client_version: str | None = None,
    ) -> Session:
        """Merge-patches the metadata (or replaces it) and notes the client's RTVI version.

        Two writers at once both get their say: the later one merges into what the earlier one wrote.
        Raises as `get` does, and BadRequest or TooLarge.
        """
        key = as_uuid(session_id)
        for _ in range(CONTENTION_TRIES):
            record = self._live(key)
            changes: dict[str, Any] = {}
            if metadata is not None:
                changes |= self._metadata_changes(record, metadata, replace)
            if client_version is not None:
                changes["client_version"] = client_version[:20]
            if not changes:
                return Session.opened(record)
            condition = Condition(LIVE, equal={"metadata_sequence": record.metadata_sequence})
            changed = self.store.change(key, changes, condition)
            if changed is not None:
                return Session.opened(changed)
        raise LimitReached("Too many changes of one conversation at once. Try again.")

    @staticmethod
    def _metadata_changes(record: Record, metadata: Mapping[str, Any], replace: bool) -> dict[str, Any]:
        sealer, sequence = sealer_of(record), record.metadata_sequence + 1
        old = sealer.open(TABLE, "metadata", record.metadata_sequence, record.metadata)
        new = checked(dict(metadata) if replace else merge_patch(old, dict(metadata)))
        return {
            "metadata": sealer.seal(TABLE, "metadata", sequence, new),
            "metadata_sequence": sequence,
        }

    def annotate(self, session_id: UUID | str, metadata: Mapping[str, Any]) -> Record:
        """Merge-patches the metadata of a session, live or over: its visitor's own notes on it.

        Raises SessionNotFound, RecordUnreadable, BadRequest or TooLarge.
        """
        for _ in range(CONTENTION_TRIES):
            record = self.record(session_id)
            condition = Condition(equal={"metadata_sequence": record.metadata_sequence})
            changed = self.store.change(
                record.id, self._metadata_changes(record, metadata, replace=False), condition
            )
            if changed is not None:
                return changed
        raise LimitReached("Too many changes of one conversation at once. Try again.")

    def touch(self, session_id: UUID | str, connection: UUID | None = None) -> datetime:
        """A sign of life: the session lives a further SESSION_TTL, up to its absolute maximum.

        Returns when it expires now. Raises Replaced if `connection` is given and no longer the session's,
        else as `get` does.
        """
        record = self._live(as_uuid(session_id))
        now = self.clock()
        equal = {"connection": connection} if connection else {}
        changes = self._alive(record, now)
        if not connection:
            changes.pop("token_until")
        changed = self.store.change(record.id, changes, Condition(LIVE, equal, {"expires_at": now}))
        if changed is None:
            self._live(record.id)
            raise Replaced
        return changed.expires_at

    def switch(self, session_id: UUID | str, character: str) -> Session:
        """Hands a live session to another character. Raises CharacterUnknown, and as `get` does."""
        record = self._live(as_uuid(session_id))
        changes = {"character": character, "version": self._known_version(character, record.draft)}
        changed = self.store.change(record.id, changes, Condition(LIVE))
        return Session.opened(changed or self._over(record.id))

    # --- leaving and ending ---

    def disconnect(
        self,
        session_id: UUID | str,
        connection: UUID,
        *,
        latency_ms: int | None = None,
        secs: float = 0.0,
        errors: int = 0,
    ) -> None:
        """The connection is gone: the session is idle, and its token reconnects within a minute.

        `latency_ms` is the median time that its replies took, `secs` how long it lasted, `errors` how many
        were reported. Does nothing if another connection has taken
        over or the session is over.
        """
        now, key = self.clock(), as_uuid(session_id)
        record = self.store.load(key)
        if record is None:
            return
        self.store.change(
            key,
            {
                "state": State.IDLE,
                "connection": None,
                "active_at": now,
                "token_until": now + timedelta(seconds=tokens.RECONNECT_SECS),
                "connected_secs": record.connected_secs + round(secs),
                "errors": record.errors + errors,
                **({} if latency_ms is None else {"latency_ms": latency_ms}),
            },
            Condition(LIVE, equal={"connection": connection}),
        )

    def end(self, session_id: UUID | str, reason: str) -> bool:
        """Ends a live session for good. True for whoever ended it, False if it was over already.

        Raises SessionNotFound.
        """
        key = as_uuid(session_id)
        if self._finish(key, State.ENDED, reason, self.clock()):
            return True
        if self.store.load(key) is None:
            raise SessionNotFound
        return False

    def _finish(self, session_id: UUID, state: str, reason: str, moment: datetime) -> bool:
        """Moves a live session to a state that it does not come back from, and takes its token away."""
        changes = {
            "state": state,
            "end_reason": reason[:40],
            "ended_at": moment,
            "connection": None,
            "token_hash": "",
        }
        finished = self.store.change(session_id, changes, Condition(LIVE)) is not None
        if finished:
            sessions_over.send(type(self), session_ids=[session_id])
        return finished

    def extend(self, session_id: UUID | str, secs: int) -> datetime:
        """Gives a live session more time, beyond its maximum if need be. Returns when it expires now."""
        record = self._live(as_uuid(session_id))
        until = record.expires_at + timedelta(seconds=secs)
        changes = {"expires_at": until, "deadline_at": max(until, record.deadline_at)}
        changed = self.store.change(record.id, changes, Condition(LIVE)) or self._over(record.id)
        return changed.expires_at

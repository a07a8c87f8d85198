"""Session lifecycle: a live session is changed, touched, left and ended, each in one atomic step."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from characters import catalog
from characters.exceptions import CharacterNotFound
from characters.spec import CharacterSpec
from sessions_app import outbox
from sessions_app.exceptions import CharacterUnknown, Replaced, SessionEnded, SessionNotFound
from sessions_app.identity import accounts, session_tokens
from sessions_app.manager.metadata_rewrite import rewrite
from sessions_app.manager.reader import LIVE, SessionReader
from sessions_app.models import EventKind, VoiceSession
from sessions_app.session import Session, as_uuid, merge_patch, merged_metadata
from sessions_app.signals import sessions_over
from sessions_app.stores import Condition, Later, More, Record

TOUCH_SECS = 20  # how often a live connection says that it is there


def found(character: str, *, draft: bool = False) -> CharacterSpec:
    """A character by an address that it has or had; its draft with version 0. Raises CharacterUnknown."""
    try:
        return catalog.draft(character) if draft else catalog.get(character)
    except CharacterNotFound as error:
        raise CharacterUnknown(str(error)) from error


def happening(kind: EventKind, record: Record, moment: datetime) -> outbox.Happening:
    """What is told of a session."""
    return outbox.Happening(kind, moment, record.id, outbox.facts_of(record, outbox.SESSION_FACTS))


class SessionLifecycle:
    """Moves sessions from one state to the next."""

    def __init__(self, reader: SessionReader):
        self._reader = reader

    # --- changing ---

    def update(
        self,
        session_id: UUID | str,
        *,
        metadata: Mapping[str, Any] | None = None,
        replace: bool = False,
        client_version: str | None = None,
        greeted: bool | None = None,
    ) -> Session:
        """Merge-patches the metadata (or replaces it), notes the client's RTVI version and the greeting.

        Two writers at once both get their say: the later one merges into what the earlier one wrote.
        Raises as `get` does, and BadRequest or TooLarge.
        """
        key = as_uuid(session_id)
        more: dict[str, Any] = {} if client_version is None else {"client_version": client_version[:20]}
        more |= {} if greeted is None else {"greeted": greeted}
        if metadata is None:
            return Session.opened(self._changed(key, more)) if more else self._reader.get(key)
        given = dict(metadata)
        if replace:
            return Session.opened(rewrite(self._reader, key, lambda _: given, more=more))
        return Session.opened(rewrite(self._reader, key, lambda old: merge_patch(old, given), more=more))

    def save(self, session_id: UUID | str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Session:
        """Writes what somebody has changed in the metadata, from `before` to `after`, and nothing else.

        What others have changed meanwhile stays. Raises as `get` does, and BadRequest or TooLarge.
        """
        was, now, key = dict(before), dict(after), as_uuid(session_id)
        return Session.opened(rewrite(self._reader, key, lambda old: merged_metadata(was, now, old)))

    def annotate(self, session_id: UUID | str, metadata: Mapping[str, Any]) -> Record:
        """Merge-patches the metadata of a session, live or over: its visitor's own notes on it.

        Raises SessionNotFound, RecordUnreadable, BadRequest or TooLarge.
        """
        patch, key, states = dict(metadata), as_uuid(session_id), tuple(VoiceSession.State.values)
        return rewrite(self._reader, key, lambda old: merge_patch(old, patch), states=states)

    def switch(self, session_id: UUID | str, character: str) -> Session:
        """Hands a live session to another character. Raises CharacterUnknown, and as `get` does."""
        record = self._reader.live_record(as_uuid(session_id))
        spec = found(character, draft=record.draft)
        changes = {"character": spec.slug, "version": spec.version}
        return Session.opened(self._changed(record.id, changes))

    def extend(self, session_id: UUID | str, secs: int) -> datetime:
        """Gives a live session more time, beyond its maximum if need be. Returns when it expires now."""
        record = self._reader.live_record(as_uuid(session_id), fresh=True)
        until = record.expires_at + timedelta(seconds=secs)
        return self._changed(record.id, {"expires_at": Later(until), "deadline_at": Later(until)}).expires_at

    def _changed(self, session_id: UUID, changes: Mapping[str, Any]) -> Record:
        changed = self._reader.store.change(session_id, changes, Condition(LIVE))
        if changed is None:
            raise self._reader.why_unchanged(session_id)
        return changed

    # --- activity ---

    def touch(self, session_id: UUID | str, connection: UUID | None = None) -> datetime:
        """The session is active: it lives a further SESSION_TTL, up to its absolute maximum.

        Returns when it expires now. Raises Replaced if `connection` is given and no longer the session's,
        else as `get` does.
        """
        record = self._reader.live_record(as_uuid(session_id))
        now = self._reader.clock()
        self.check_account(record, now)
        if record.turns >= settings.SESSION_MAX_TURNS:
            self.finish(record.id, "turns", now)
            raise SessionEnded
        equal = {"connection": connection} if connection else {}
        changes = self.sign_of_life(record, now)
        if not connection:
            changes.pop("token_until")
        changed = self._reader.store.change(record.id, changes, Condition(LIVE, equal, {"expires_at": now}))
        if changed is None:
            self._reader.live_record(record.id, fresh=True)
            raise Replaced
        return changed.expires_at

    @staticmethod
    def sign_of_life(record: Record, now: datetime) -> dict[str, Any]:
        """What activity changes. The token outlives the next touch by the time to reconnect."""
        return {
            "active_at": now,
            # Never back: somebody may have given it more time.
            "expires_at": Later(min(record.deadline_at, now + timedelta(seconds=settings.SESSION_TTL))),
            "token_until": now + timedelta(seconds=TOUCH_SECS + session_tokens.RECONNECT_SECS),
        }

    def check_account(self, record: Record, now: datetime) -> None:
        """Ends a session whose account has lost the right to it, however that came. Raises SessionEnded.

        `receivers` ends them as an account is saved; a bulk update of many accounts says nothing to anybody.
        """
        if reason := accounts.why_barred(record.visitor, draft=record.draft):
            self.finish(record.id, reason, now)
            raise SessionEnded

    # --- leaving and ending ---

    def disconnect(
        self,
        session_id: UUID | str,
        connection: UUID,
        *,
        latency_ms: int | None = None,
        secs: float = 0.0,
        errors: int = 0,
        settled: bool = True,
    ) -> None:
        """The connection is gone: the session is idle, and its token reconnects within a minute.

        `latency_ms` is the median time that its replies took, `secs` how long it lasted, `errors` how many
        were reported, `settled` whether all that was said is written. Does nothing if another connection has
        taken over or the session is over.
        """
        now, key = self._reader.clock(), as_uuid(session_id)
        self._reader.store.change(
            key,
            {
                "state": VoiceSession.State.IDLE,
                "connection": None,
                "active_at": now,
                "token_until": now + timedelta(seconds=session_tokens.RECONNECT_SECS),
                "connected_secs": More(round(secs)),
                "errors": More(errors),
                "settled": settled,
                **({} if latency_ms is None else {"latency_ms": latency_ms}),
            },
            Condition(LIVE, equal={"connection": connection}),
        )

    def end(self, session_id: UUID | str, reason: str) -> bool:
        """Ends a live session for good. True for whoever ended it, False if it was over already.

        Raises SessionNotFound.
        """
        key = as_uuid(session_id)
        if self.finish(key, reason, self._reader.clock()):
            return True
        if self._reader.store.load(key, fresh=True) is None:
            raise SessionNotFound
        return False

    def end_visitor(self, visitor: str, reason: str) -> list[UUID]:
        """Ends every live session of a visitor; returns those it ended."""
        now = self._reader.clock()
        live = [record.id for record in self._reader.of_visitor(visitor) if record.state in LIVE]
        return [session_id for session_id in live if self.finish(session_id, reason, now)]

    def finish(self, session_id: UUID, reason: str, moment: datetime) -> bool:
        """Ends a live session, takes its token away and tells others; False if it was not live."""
        changes = {
            "state": VoiceSession.State.ENDED,
            "end_reason": reason[:40],
            "ended_at": moment,
            "connection": None,
            "token_hash": "",
        }
        finished = self._reader.store.change(session_id, changes, Condition(LIVE))
        if finished is None:
            return False
        sessions_over.send(type(self), session_ids=[session_id])
        if finished.connections:
            outbox.tell([happening(EventKind.ENDED, finished, moment)])
        return True

"""Reading sessions: what is stored of them, whether they live, and whose they are."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from sessions_app import tokens
from sessions_app.exceptions import Forbidden, SessionEnded, SessionError, SessionExpired, SessionNotFound
from sessions_app.models import VoiceSession
from sessions_app.records import Record
from sessions_app.session import Session
from sessions_app.stores import get_store
from sessions_app.stores.base import Store

State = VoiceSession.State
LIVE = VoiceSession.LIVE
TOUCH_SECS = 20  # how often a live connection says that it is there

Clock = Callable[[], datetime]


def as_uuid(value: UUID | str) -> UUID:
    """`value` as a UUID. Raises SessionNotFound for anything that is none."""
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError as error:
        raise SessionNotFound from error


class Ledger:
    """Sessions as they are. `clock` gives aware datetimes and is injected by tests."""

    def __init__(self, store: Store | None = None, clock: Clock = timezone.now):
        self._store = store
        self.clock = clock

    @property
    def store(self) -> Store:
        """The store given, else the one of the settings."""
        return self._store or get_store()

    def get(self, session_id: UUID | str) -> Session:
        """The session. Raises SessionNotFound, SessionExpired, SessionEnded, RecordUnreadable."""
        return Session.opened(self._live(as_uuid(session_id)))

    def _live(self, session_id: UUID) -> Record:
        record = self.store.load(session_id)
        if record is None:
            raise SessionNotFound
        if record.state not in LIVE or record.expires_at <= self.clock():
            raise self._why_over(record)
        return record

    def _why_over(self, record: Record) -> SessionError:
        if record.state == State.ENDED:
            return SessionEnded()
        if record.state == State.EXPIRED or record.expires_at <= self.clock():
            return SessionExpired()
        return SessionNotFound()

    def _over(self, session_id: UUID) -> Record:
        """Raises the reason why a change of a live session found nothing to change."""
        record = self.store.load(session_id)
        raise self._why_over(record) if record else SessionNotFound

    def of_visitor(self, visitor: str) -> list[Record]:
        """A visitor's sessions, the last active first."""
        return self.store.of_visitor(visitor)

    def record(self, session_id: UUID | str) -> Record:
        """A session as it is stored, live or over. Raises SessionNotFound."""
        found = self.store.load(as_uuid(session_id))
        if found is None:
            raise SessionNotFound
        return found

    def owned(self, session_id: UUID | str, visitor: str, token: str = "") -> Record:
        """A session as it is stored, for its visitor or who has its token. Raises as `record`; Forbidden."""
        record = self.record(session_id)
        mine = bool(visitor) and record.visitor == visitor
        by_token = tokens.matches(token, record.token_hash) and record.token_until > self.clock()
        if not mine and not by_token:
            raise Forbidden
        return record

"""Session reader: what is stored of sessions, whether they live, and whose they are. Changes nothing."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from sessions_app.crypto import Sealer
from sessions_app.database import database_clock
from sessions_app.exceptions import Forbidden, SessionEnded, SessionError, SessionExpired, SessionNotFound
from sessions_app.identity import session_tokens
from sessions_app.models import VoiceSession
from sessions_app.session import Session, as_uuid, sealer_of
from sessions_app.stores import PageEnd, Record, Store, get_store

LIVE = VoiceSession.LIVE
OUT_OF_BUDGET = _("This conversation has had all that one may have. Start a new one.")

Clock = Callable[[], datetime]


class SessionReader:
    """Reads sessions. `clock` gives aware datetimes, those of PostgreSQL; tests inject another."""

    def __init__(self, store: Store | None = None, clock: Clock = database_clock):
        self._store = store
        self.clock = clock

    @property
    def store(self) -> Store:
        """The store given, else the one of the settings."""
        return self._store or get_store()

    def get(self, session_id: UUID | str) -> Session:
        """The session. Raises SessionNotFound, SessionExpired, SessionEnded, RecordUnreadable."""
        return Session.opened(self.live_record(as_uuid(session_id)))

    def record(self, session_id: UUID | str) -> Record:
        """A session as it is stored, live or over. Raises SessionNotFound."""
        found = self.store.load(as_uuid(session_id), fresh=True)
        if found is None:
            raise SessionNotFound
        return found

    def live_record(self, session_id: UUID, *, fresh: bool = False) -> Record:
        """A live session as it is stored. Raises SessionNotFound, SessionExpired, SessionEnded."""
        record = self.store.load(session_id, fresh=fresh)
        if record is None:
            raise SessionNotFound
        if record.state not in LIVE or record.expires_at <= self.clock():
            raise self.why_over(record)
        return record

    def why_over(self, record: Record) -> SessionError:
        """The error that says why a session is not live."""
        if record.state == VoiceSession.State.ENDED:
            return SessionEnded(str(OUT_OF_BUDGET) if record.end_reason == "budget" else "")
        if record.state == VoiceSession.State.EXPIRED or record.expires_at <= self.clock():
            return SessionExpired()
        return SessionNotFound()

    def why_unchanged(self, session_id: UUID) -> SessionError:
        """The error that says why a change of a live session found nothing to change."""
        record = self.store.load(session_id, fresh=True)
        return self.why_over(record) if record else SessionNotFound()

    def owned(self, session_id: UUID | str, visitor: str, secret: str = "") -> Record:
        """A session as it is stored, for its visitor or who has its secret. Raises as `record`; Forbidden."""
        record = self.record(session_id)
        mine = bool(visitor) and record.visitor == visitor
        if not mine and not session_tokens.matches(secret, record.secret_hash):
            raise Forbidden
        return record

    def of_visitor(
        self, visitor: str, *, character: str = "", after: PageEnd | None = None, limit: int | None = None
    ) -> list[Record]:
        """A visitor's sessions, the last active first; a page of them with `limit`, which follows `after`."""
        return self.store.of_visitor(visitor, character=character, after=after, limit=limit)

    def sealer(self, session_id: UUID | str) -> Sealer:
        """Seals and opens what is said in a session. Raises SessionNotFound, RecordUnreadable."""
        return sealer_of(self.record(session_id))

    def count_turns(self, session_id: UUID | str) -> int:
        """How many turns are written. Their numbers may have gaps; a cache may know an older count."""
        record = self.store.load(as_uuid(session_id), fresh=True)
        return record.turns if record else 0

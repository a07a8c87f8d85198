"""Letting visitors into sessions: new ones, and ones they come back to."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from characters import catalog
from characters.exceptions import CharacterNotFound
from sessions_app import tokens
from sessions_app.exceptions import (
    CharacterUnknown,
    LimitReached,
    SessionExpired,
    SessionNotFound,
    TokenInvalid,
)
from sessions_app.keyring import key_ring
from sessions_app.ledger import LIVE, TOUCH_SECS, Ledger, State, as_uuid
from sessions_app.metadata import checked
from sessions_app.records import Record
from sessions_app.sealing import Sealer
from sessions_app.session import TABLE, Session
from sessions_app.stores.base import Condition

DRAFT_SECS = 3600  # how long an editor talks with a draft before a new session is due


class Admission(Ledger):
    """Sessions that are begun and opened."""

    def create(
        self,
        *,
        character: str,
        visitor: str,
        metadata: Mapping[str, Any] | None = None,
        draft: bool = False,
    ) -> Session:
        """A new session with a fresh token, which opens its first connection within two minutes.

        With `draft` it is with what is not published yet, and over within the hour.

        Raises CharacterUnknown, BadRequest or TooLarge (metadata), LimitReached.
        """
        known = checked(dict(metadata or {}))
        version = self._known_version(character, draft)
        now = self.clock()
        self._check_visitor_limit(visitor, now)
        session_id, token = uuid4(), tokens.new_token()
        data_key, wrapped = key_ring().new_data_key(session_id)
        longest = min(settings.SESSION_MAX_DURATION, DRAFT_SECS) if draft else settings.SESSION_MAX_DURATION
        deadline = now + timedelta(seconds=longest)
        record = Record(
            id=session_id,
            character=character,
            version=version,
            draft=draft,
            visitor=visitor,
            state=State.CREATED,
            created_at=now,
            active_at=now,
            expires_at=min(deadline, now + timedelta(seconds=settings.SESSION_TTL)),
            deadline_at=deadline,
            ended_at=None,
            end_reason="",
            connection=None,
            connections=0,
            token_hash=tokens.hash_of(token),
            token_until=now + timedelta(seconds=tokens.FIRST_CONNECTION_SECS),
            token_used=False,
            key_id=wrapped.key_id,
            wrapped_key=wrapped.data,
            metadata=Sealer(data_key, session_id).seal(TABLE, "metadata", 0, known),
            metadata_sequence=0,
            turns=0,
            client_version="",
            latency_ms=None,
            connected_secs=0,
            errors=0,
        )
        self.store.create(record)
        return Session.opened(record, token=token)

    @staticmethod
    def _known_version(slug: str, draft: bool = False) -> int:
        """The version of a character that is on stage, 0 for its draft. Raises CharacterUnknown."""
        try:
            return (catalog.draft(slug) if draft else catalog.get(slug)).version
        except CharacterNotFound as error:
            raise CharacterUnknown(str(error)) from error

    def _check_visitor_limit(self, visitor: str, now: datetime, *, but: UUID | None = None) -> None:
        """Raises LimitReached if the visitor talks in as many sessions as allowed already."""
        recent = now - timedelta(seconds=3 * TOUCH_SECS)
        talking = [
            record
            for record in self.store.of_visitor(visitor)
            if record.state == State.ACTIVE and record.active_at > recent and record.id != but
        ]
        if len(talking) >= settings.MAX_SESSIONS_PER_VISITOR:
            raise LimitReached

    def resume(self, session_id: UUID | str, visitor: str, token: str = "") -> Session:
        """A new token for the session's visitor, or for who has its token; opens a connection as `create`'s.

        Raises SessionNotFound, Forbidden, SessionEnded, SessionExpired, LimitReached.
        """
        self.owned(session_id, visitor, token)
        record = self._live(as_uuid(session_id))
        now = self.clock()
        self._check_visitor_limit(record.visitor, now, but=record.id)
        token = tokens.new_token()
        changed = self.store.change(
            record.id,
            {
                "token_hash": tokens.hash_of(token),
                "token_until": now + timedelta(seconds=tokens.FIRST_CONNECTION_SECS),
                "token_used": False,
            },
            Condition(LIVE, later={"expires_at": now}),
        )
        return Session.opened(changed or self._over(record.id), token=token)

    def open(self, session_id: UUID | str, token: str, connection: UUID) -> Session:
        """Binds a connection to the session whose token it brings; an older connection loses its hold.

        Raises SessionNotFound, TokenInvalid, SessionEnded, SessionExpired, LimitReached, RecordUnreadable.
        """
        key, now = as_uuid(session_id), self.clock()
        record = self.store.load(key)
        if record is None:
            raise SessionNotFound
        if not tokens.matches(token, record.token_hash):
            # An ended session has no token: whoever brings one learns why, and nothing else.
            raise TokenInvalid if record.token_hash else self._why_over(record)
        if record.expires_at <= now:
            raise SessionExpired
        self._check_visitor_limit(record.visitor, now, but=record.id)
        changed = self.store.change(
            key,
            {
                "state": State.ACTIVE,
                "connection": connection,
                "connections": record.connections + 1,
                "token_used": True,
                **self._alive(record, now),
            },
            Condition(
                LIVE, equal={"token_hash": record.token_hash}, later={"token_until": now, "expires_at": now}
            ),
        )
        if changed is None:
            raise TokenInvalid
        return Session.opened(changed, same_client=record.token_used, previous=record.connection)

    def _alive(self, record: Record, now: datetime) -> dict[str, datetime]:
        """What a sign of life changes. The token outlives the next sign by the time to reconnect."""
        return {
            "active_at": now,
            "expires_at": min(record.deadline_at, now + timedelta(seconds=settings.SESSION_TTL)),
            "token_until": now + timedelta(seconds=TOUCH_SECS + tokens.RECONNECT_SECS),
        }

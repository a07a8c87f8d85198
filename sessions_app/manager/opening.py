"""Opens sessions: new ones, those that a visitor comes back to, and a connection of each by its token."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from characters import catalog
from characters.exceptions import CharacterNotFound
from sessions_app import outbox
from sessions_app.crypto import Sealer, key_ring
from sessions_app.exceptions import (
    CharacterWithdrawn,
    LimitReached,
    SessionEnded,
    SessionExpired,
    SessionNotFound,
    TokenInvalid,
)
from sessions_app.identity import session_tokens
from sessions_app.manager.lifecycle import TOUCH_SECS, SessionLifecycle, found, happening
from sessions_app.manager.reader import LIVE, SessionReader
from sessions_app.models import EventKind, VoiceSession
from sessions_app.session import SESSION_TABLE, Session, as_uuid, checked_metadata
from sessions_app.stores import CONTENTION_TRIES, Condition, Record, Room

DRAFT_SECS = 3600  # how long an editor talks with a draft before a new session is due
# Turns that an earlier connection may have said and not written: numbers that are kept free for them.
UNWRITTEN_TURNS = 1_000


class SessionOpening:
    """Begins sessions, and binds connections to them."""

    def __init__(self, reader: SessionReader, lifecycle: SessionLifecycle):
        self._reader = reader
        self._lifecycle = lifecycle

    def create(
        self,
        *,
        character: str,
        visitor: str,
        metadata: Mapping[str, Any] | None = None,
        draft: bool = False,
        api_key: int = 0,
    ) -> Session:
        """A new session with a fresh token, which opens its first connection within two minutes.

        With `draft` it is with what is not published yet, and over within the hour. `api_key` is the id of
        the key that it begins by.

        Raises CharacterUnknown, BadRequest or TooLarge (metadata), LimitReached.
        """
        known = checked_metadata(dict(metadata or {}))
        spec = found(character, draft=draft)
        now = self._reader.clock()
        self._check_room(self._room(visitor, now))
        session_id, token, secret = uuid4(), session_tokens.new_token(), session_tokens.new_token()
        data_key, wrapped = key_ring().new_data_key(session_id)
        longest = min(settings.SESSION_MAX_DURATION, DRAFT_SECS) if draft else settings.SESSION_MAX_DURATION
        deadline = now + timedelta(seconds=longest)
        record = Record(
            id=session_id,
            character=spec.slug,
            version=spec.version,
            draft=draft,
            visitor=visitor,
            state=VoiceSession.State.CREATED,
            created_at=now,
            active_at=now,
            expires_at=min(deadline, now + timedelta(seconds=settings.SESSION_TTL)),
            deadline_at=deadline,
            ended_at=None,
            end_reason="",
            connection=None,
            connections=0,
            token_hash=session_tokens.hash_of(token),
            token_until=now + timedelta(seconds=session_tokens.FIRST_CONNECTION_SECS),
            token_used=False,
            key_id=wrapped.key_id,
            wrapped_key=wrapped.data,
            metadata=Sealer(data_key, session_id).seal(SESSION_TABLE, "metadata", 0, known),
            metadata_sequence=0,
            turns=0,
            client_version="",
            latency_ms=None,
            connected_secs=0,
            errors=0,
            secret_hash=session_tokens.hash_of(secret),
            opened_from="",
            api_key=api_key,
        )
        self._reader.store.create(record)
        return Session.opened(record, token=token, secret=secret)

    @staticmethod
    def _room(visitor: str, now: datetime) -> Room:
        """In how many sessions at once a visitor may talk."""
        return Room(visitor, settings.MAX_SESSIONS_PER_VISITOR, now - timedelta(seconds=3 * TOUCH_SECS))

    def _check_room(self, room: Room, *, but: UUID | None = None) -> None:
        """Raises LimitReached if the visitor talks in as many sessions as allowed already.

        To say so early is kind; what keeps the limit is the condition under which `open` changes a session.
        """
        if self._reader.store.active(room, but) >= room.most:
            raise LimitReached

    def resume(self, session_id: UUID | str, visitor: str, secret: str = "") -> Session:
        """A new token for the session's visitor, or for who has its secret; opens a connection as `create`'s.

        Raises SessionNotFound, Forbidden, SessionEnded, SessionExpired, CharacterWithdrawn, LimitReached.
        """
        record = self._reader.owned(session_id, visitor, secret)
        now = self._reader.clock()
        if record.state not in LIVE or record.expires_at <= now:
            raise self._reader.why_over(record)
        self._lifecycle.check_account(record, now)
        self._check_published(record, now)
        self._check_room(self._room(record.visitor, now), but=record.id)
        token = session_tokens.new_token()
        changed = self._reader.store.change(
            record.id,
            {
                "token_hash": session_tokens.hash_of(token),
                "token_until": now + timedelta(seconds=session_tokens.FIRST_CONNECTION_SECS),
                "token_used": False,
            },
            Condition(LIVE, later={"expires_at": now}),
        )
        if changed is None:
            raise self._reader.why_unchanged(record.id)
        return Session.opened(changed, token=token)

    def open(self, session_id: UUID | str, token: str, connection: UUID, address: str = "") -> Session:
        """Binds a connection to the session whose token it brings; an older connection loses its hold.

        A token opens more than once only from the address that used it first.

        Raises SessionNotFound, TokenInvalid, SessionEnded, SessionExpired, CharacterWithdrawn, LimitReached,
        RecordUnreadable.
        """
        key = as_uuid(session_id)
        for attempt in range(CONTENTION_TRIES):
            record, now = self._admitted(key, token, address)
            if attempt == 0:
                self._lifecycle.check_account(record, now)
                self._check_published(record, now)
            room = self._room(record.visitor, now)
            changed = self._reader.store.change(
                key,
                {
                    "state": VoiceSession.State.ACTIVE,
                    "connection": connection,
                    "connections": record.connections + 1,
                    "token_used": True,
                    "opened_from": session_tokens.bound(token, address),
                    "sequence_floor": self._floor(record),
                    "settled": False,
                    **self._lifecycle.sign_of_life(record, now),
                },
                Condition(
                    LIVE,
                    # Of two that come at once the second sees the first, and waits for it to leave.
                    equal={
                        "token_hash": record.token_hash,
                        "connections": record.connections,
                        "settled": record.settled,
                    },
                    later={"token_until": now, "expires_at": now},
                    room=room,
                ),
            )
            if changed is not None:
                kind = EventKind.STARTED if changed.connections == 1 else EventKind.RESUMED
                outbox.tell([happening(kind, changed, now)])
                return Session.opened(
                    changed,
                    same_client=record.token_used,
                    previous=record.connection,
                    away_secs=(now - record.active_at).total_seconds() if record.connections else math.inf,
                    unsettled=not record.settled,
                )
            self._check_room(room, but=key)
        raise LimitReached("Too many connections of one conversation at once. Try again.")

    def check(self, session_id: UUID | str, token: str, address: str = "") -> None:
        """Whether `open` would let this token in now, which changes nothing. Raises as `open`."""
        record, now = self._admitted(as_uuid(session_id), token, address)
        self._lifecycle.check_account(record, now)
        self._check_published(record, now)

    def _admitted(self, session_id: UUID, token: str, address: str) -> tuple[Record, datetime]:
        """The session that a token opens at this moment, and the moment. Raises as `open`."""
        now = self._reader.clock()
        record = self._reader.store.load(session_id, fresh=True)
        if record is None:
            raise SessionNotFound
        if not session_tokens.matches(token, record.token_hash):
            # An ended session has no token: whoever brings one learns why, and nothing else.
            raise TokenInvalid if record.token_hash else self._reader.why_over(record)
        if record.expires_at <= now:
            raise SessionExpired
        if record.token_until <= now:
            raise TokenInvalid
        if record.token_used and record.opened_from not in ("", session_tokens.bound(token, address)):
            raise TokenInvalid
        return record, now

    def _check_published(self, record: Record, now: datetime) -> None:
        """Whoever comes back finds their character published. Raises CharacterWithdrawn, SessionEnded.

        A session that is pinned to a version would go on with what was withdrawn: it ends.
        """
        if record.draft:
            return
        try:
            catalog.get(record.character)
        except CharacterNotFound as error:
            if Session.opened(record).pinned:
                self._lifecycle.finish(record.id, "withdrawn", now)
                raise SessionEnded(str(CharacterWithdrawn.message)) from error
            raise CharacterWithdrawn from error

    def _floor(self, record: Record) -> int:
        """The number above which a new connection's turns stand: after all that were said before it.

        An earlier connection that has not signed off may still have turns in its hands, in a process that
        cannot reach the database, or in the spool of one that was killed. Their numbers are kept free.
        """
        newest = self._reader.store.turns(record.id, newest=1)
        highest = newest[-1].sequence if newest else 0
        return highest if record.settled else max(highest, record.sequence_floor) + UNWRITTEN_TURNS

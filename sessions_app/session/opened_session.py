"""Opened session, as handlers, prompts and pages see it: its metadata in the clear, in memory only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sessions_app.crypto import Sealer, WrappedKey, key_ring
from sessions_app.exceptions import SessionNotFound
from sessions_app.models import VoiceSession
from sessions_app.stores import Record

SESSION_TABLE = "session"


def as_uuid(session_id: UUID | str) -> UUID:
    """The id of a session as a UUID. Raises SessionNotFound for anything that is none."""
    try:
        return session_id if isinstance(session_id, UUID) else UUID(str(session_id))
    except ValueError as error:
        raise SessionNotFound from error


def sealer_of(record: Record) -> Sealer:
    """The sealer of a stored session. Raises RecordUnreadable if its data key does not unwrap."""
    data_key = key_ring().unwrap(WrappedKey(record.key_id, record.wrapped_key), record.id)
    return Sealer(data_key, record.id)


def metadata_of(record: Record, sealer: Sealer) -> dict[str, Any]:
    """A stored session's metadata. Raises RecordUnreadable."""
    opened: dict[str, Any] = sealer.open(SESSION_TABLE, "metadata", record.metadata_sequence, record.metadata)
    return opened


@dataclass
class Session:
    """One visitor's conversation with one character.

    `metadata` is what the client told about itself; change it in a handler and it is saved. `token` and
    `secret` are set only where they were just made. Its repr shows no words.
    """

    id: UUID
    character: str
    version: int  # of the character, when the session was made
    draft: bool  # an editor tries out what is not published
    visitor: str
    state: str
    created_at: datetime
    active_at: datetime
    expires_at: datetime
    turns: int
    metadata: dict[str, Any]
    connection: UUID | None = None
    connections: int = 0
    revision: int = 0  # counts changes of the record: of two connections the later has the higher
    client_version: str = ""
    greeted: bool = False  # a greeting has sounded
    token: str = ""
    secret: str = ""
    same_client: bool = False  # the client that had the last connection reconnects by itself
    previous: UUID | None = None  # the connection that had hold of the session until this one came
    sequence_floor: int = 0  # above it this connection numbers its turns
    api_key: int = 0  # by which it began; 0: none
    # How long nobody was there before this connection, as far as is known; of the first one, for ever.
    away_secs: float = 0.0
    unsettled: bool = False  # somebody may have turns of earlier connections that are not written yet

    def __repr__(self) -> str:
        return f"<Session {self.id} {self.character} {self.state}>"

    @classmethod
    def opened(
        cls,
        record: Record,
        *,
        token: str = "",
        secret: str = "",
        same_client: bool = False,
        previous: UUID | None = None,
        away_secs: float = 0.0,
        unsettled: bool = False,
    ) -> "Session":
        """The session of a record. Raises RecordUnreadable."""
        metadata = metadata_of(record, sealer_of(record))
        return cls(
            id=record.id,
            character=record.character,
            version=record.version,
            draft=record.draft,
            visitor=record.visitor,
            state=record.state,
            created_at=record.created_at,
            active_at=record.active_at,
            expires_at=record.expires_at,
            turns=record.turns,
            metadata=metadata,
            connection=record.connection,
            connections=record.connections,
            revision=record.revision,
            client_version=record.client_version,
            greeted=record.greeted,
            token=token,
            secret=secret,
            same_client=same_client,
            previous=previous,
            sequence_floor=record.sequence_floor,
            api_key=record.api_key,
            away_secs=away_secs,
            unsettled=unsettled,
        )

    @property
    def pinned(self) -> bool:
        """Whether the session keeps the version of its character that it began with."""
        return bool(self.version) and self.metadata.get("pinVersion") is True

    @property
    def live(self) -> bool:
        return self.state in VoiceSession.LIVE

    @property
    def resumed(self) -> bool:
        """Whether this connection continues a conversation rather than beginning it."""
        return self.connections > 1 or self.turns > 0

"""A session as handlers, prompts and pages see it: opened, with its metadata in the clear, in memory only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sessions_app.keyring import WrappedKey, key_ring
from sessions_app.models import VoiceSession
from sessions_app.records import Record
from sessions_app.sealing import Sealer

TABLE = "session"


def sealer_of(record: Record) -> Sealer:
    """The sealer of a stored session. Raises RecordUnreadable if its data key does not unwrap."""
    data_key = key_ring().unwrap(WrappedKey(record.key_id, record.wrapped_key), record.id)
    return Sealer(data_key, record.id)


def metadata_of(record: Record, sealer: Sealer) -> dict[str, Any]:
    """A stored session's metadata. Raises RecordUnreadable."""
    opened: dict[str, Any] = sealer.open(TABLE, "metadata", record.metadata_sequence, record.metadata)
    return opened


@dataclass
class Session:
    """One visitor's conversation with one character.

    `metadata` is what the client told about itself; change it in a handler and it is saved. `token` is
    set only where one was just made. Its repr shows no words.
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
    token: str = ""
    same_client: bool = False  # the client that had the last connection reconnects by itself
    previous: UUID | None = None  # the connection that had hold of the session until this one came

    def __repr__(self) -> str:
        return f"<Session {self.id} {self.character} {self.state}>"

    @classmethod
    def opened(
        cls, record: Record, *, token: str = "", same_client: bool = False, previous: UUID | None = None
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
            token=token,
            same_client=same_client,
            previous=previous,
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

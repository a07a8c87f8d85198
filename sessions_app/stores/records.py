"""Records of sessions and turns, as the stores pass them around: plain, sealed, and fit for a cache."""

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4


@dataclass(frozen=True, slots=True)
class Record:
    """A session as it is stored. `metadata` and `wrapped_key` are ciphertext; times are aware UTC."""

    id: UUID
    character: str
    visitor: str
    state: str
    created_at: datetime
    active_at: datetime
    expires_at: datetime
    deadline_at: datetime
    ended_at: datetime | None
    end_reason: str
    connection: UUID | None
    connections: int
    token_hash: str
    token_until: datetime
    token_used: bool
    key_id: str
    wrapped_key: bytes
    metadata: bytes
    metadata_sequence: int
    turns: int
    client_version: str
    latency_ms: int | None
    version: int = 0
    draft: bool = False
    connected_secs: int = 0
    errors: int = 0
    revision: int = 0
    sequence_floor: int = 0  # above it the connection that has the session numbers its turns
    greeted: bool = False  # a greeting has sounded, and nobody has said that none of it was heard
    settled: bool = True  # nobody has turns of it that are not written yet
    secret_hash: str = ""
    opened_from: str = ""  # by its token, see session_tokens.bound
    api_key: int = 0  # by which it began; 0: none

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """A turn as it is stored: the same one wherever its `identity` stands. `sealed` is ciphertext.

    `usage` is what its connection has used by then, and is no part of it: see `costs.packed`.
    """

    sequence: int
    role: str
    interrupted: bool
    sealed: bytes
    created_at: datetime
    version: str = ""
    latency_ms: int | None = None
    identity: UUID = field(default_factory=uuid4)
    usage: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SummaryRecord:
    """What the older turns of a session came to, up to and including turn `upto`. `sealed` is ciphertext."""

    upto: int
    sealed: bytes
    created_at: datetime

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


RECORD_FIELDS = tuple(field.name for field in fields(Record))
TURN_FIELDS = tuple(field.name for field in fields(TurnRecord) if field.name != "usage")
SUMMARY_FIELDS = tuple(field.name for field in fields(SummaryRecord))

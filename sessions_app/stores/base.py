"""Session store interface, in the manner of `django.contrib.sessions.backends.base`."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sessions_app.crypto import WrappedKey
from sessions_app.models import VoiceSession
from sessions_app.stores.records import Record, SummaryRecord, TurnRecord

T = TypeVar("T")

CONTENTION_TRIES = 8  # of a conditional change that others make at the same moment


@dataclass(frozen=True, slots=True)
class Later:
    """A change of a time that never moves it back."""

    moment: datetime


@dataclass(frozen=True, slots=True)
class More:
    """A change of a number by so much, whatever it has become meanwhile."""

    amount: int


@dataclass(frozen=True, slots=True)
class Room:
    """Fewer than `most` other sessions of the visitor are active with activity after `since`."""

    visitor: str
    most: int
    since: datetime

    def counts(self, record: Record) -> bool:
        """Whether a session takes a place of this room."""
        return (
            record.visitor == self.visitor
            and record.state == VoiceSession.State.ACTIVE
            and record.active_at > self.since
        )


@dataclass(frozen=True)
class Condition:
    """What must still be true of a session for a change to happen. Unset fields do not matter."""

    states: Collection[str] = tuple(VoiceSession.State.values)
    equal: Mapping[str, Any] = field(default_factory=dict)  # field: the value it must have
    later: Mapping[str, datetime] = field(default_factory=dict)  # field: it must lie after this
    room: Room | None = None  # for the visitor; of changes that race for the last place one gets it

    def holds(self, record: Record) -> bool:
        """Whether all but `room` is true of a record."""
        return (
            record.state in self.states
            and all(getattr(record, name) == value for name, value in self.equal.items())
            and all(getattr(record, name) > moment for name, moment in self.later.items())
        )


def changed(record: Record, changes: Mapping[str, Any]) -> Record:
    """The record with `changes`, which may be Later and More, counted in its revision."""
    values: dict[str, Any] = {}
    for name, value in changes.items():
        if isinstance(value, Later):
            values[name] = max(getattr(record, name), value.moment)
        elif isinstance(value, More):
            values[name] = getattr(record, name) + value.amount
        else:
            values[name] = value
    return replace(record, **values, revision=record.revision + 1)


class Appended(NamedTuple):
    """What became of turns: sequence numbers that are another turn's, and who has the session now.

    `memories` is the revision of what the character remembers of the visitor, see `memories.Known`: with all
    that was committed before the call. None from a store that does not know.
    """

    refused: list[int]
    holder: UUID | None
    memories: str | None = None
    added: Collection[UUID] = ()  # identities of those that were not there already


class Expired(NamedTuple):
    """A session whose time has run out, and whether a connection had it."""

    id: UUID
    connected: bool
    facts: Mapping[str, Any] = {}  # see outbox.SESSION_FACTS


@dataclass(frozen=True)
class Removed:
    """How much an erasure took away."""

    sessions: int = 0
    turns: int = 0
    summaries: int = 0
    memories: int = 0
    memory_keys: int = 0
    documents: int = 0

    def __add__(self, other: "Removed") -> "Removed":
        return Removed(
            self.sessions + other.sessions,
            self.turns + other.turns,
            self.summaries + other.summaries,
            self.memories + other.memories,
            self.memory_keys + other.memory_keys,
            self.documents + other.documents,
        )


class PageEnd(NamedTuple):
    """Where a page of a visitor's sessions ends: the next begins after this session."""

    active_at: datetime
    id: UUID


class Store(ABC):
    """Keeps records and turns. Methods are synchronous and safe to call from several threads."""

    in_rows = False  # whether sessions are rows of VoiceSession, which dashboard, admin and metrics count

    @abstractmethod
    def create(self, record: Record) -> None: ...

    @abstractmethod
    def load(self, session_id: UUID, *, fresh: bool = False) -> Record | None:
        """A session as it is; with `fresh` never from a copy that somebody may have changed meanwhile."""

    @abstractmethod
    def change(self, session_id: UUID, changes: Mapping[str, Any], condition: Condition) -> Record | None:
        """Applies `changes` if `condition` holds, as one atomic step.

        Counts it in `revision`. Returns the record as it is then, or None if the session is gone or the
        condition does not hold.
        """

    @abstractmethod
    def delete(self, session_ids: Collection[UUID]) -> Removed:
        """Removes sessions with all that is kept of them, in one step."""

    def rewrap(self, session_id: UUID, was: WrappedKey, wrapped: WrappedKey) -> bool:
        """Replaces a session's wrapped data key, if it is still `was`; True if it was."""
        condition = Condition(equal={"key_id": was.key_id})
        changes = {"key_id": wrapped.key_id, "wrapped_key": wrapped.data}
        return self.change(session_id, changes, condition) is not None

    # --- turns and summaries ---

    @abstractmethod
    def append(self, session_id: UUID, turns: Sequence[TurnRecord]) -> Appended:
        """Adds turns, all in one step; one whose identity is there already changes nothing.

        Those at whose sequence number another turn stands are refused: not written. Raises SessionNotFound.
        """

    @abstractmethod
    def turns(
        self, session_id: UUID, *, after: int = 0, newest: int | None = None, oldest: int | None = None
    ) -> list[TurnRecord]:
        """Turns with a sequence above `after`, in order; at most the `newest`, or the `oldest`, of them."""

    @abstractmethod
    def first_words(self, session_ids: Sequence[UUID]) -> dict[UUID, TurnRecord]:
        """The visitor's first turn of each session that has one."""

    @abstractmethod
    def newest_turns(self, session_ids: Sequence[UUID], most: int) -> dict[UUID, list[TurnRecord]]:
        """The turns of several sessions, newest first; `most` in all, those of the first sessions first."""

    @abstractmethod
    def summary(self, session_id: UUID) -> SummaryRecord | None:
        """The summary that covers the most."""

    @abstractmethod
    def summarise(self, session_id: UUID, summary: SummaryRecord) -> bool:
        """Keeps a summary; False if the session is gone or one that covers as much is there."""

    # --- many sessions at once ---

    @abstractmethod
    def of_visitor(
        self, visitor: str, *, character: str = "", after: PageEnd | None = None, limit: int | None = None
    ) -> list[Record]:
        """A visitor's sessions, the last active first; those that come after a place in that order."""

    @abstractmethod
    def active(self, room: Room, but: UUID | None = None) -> int:
        """How many sessions take a place of a room, `but` not counted."""

    @abstractmethod
    def expire(self, now: datetime, limit: int) -> list[Expired]:
        """Ends live sessions whose time has run out, at most so many."""

    @abstractmethod
    def unused(self, untouched_since: datetime, limit: int) -> list[UUID]:
        """Sessions that nobody ever opened, without activity since `untouched_since`."""

    @abstractmethod
    def past_retention(self, ended_before: datetime, limit: int) -> list[UUID]:
        """Sessions that were over before `ended_before`."""

    @abstractmethod
    def due(self, now: datetime, ended_before: datetime) -> tuple[int, int]:
        """How many sessions have run out, and how many were over before `ended_before`."""

    def erased_again(self, limit: int) -> list[UUID]:
        """Sessions that were removed once and that a restored backup has brought back."""
        return []  # only PostgreSQL has backups

    @abstractmethod
    def wrapped_by_others(self, key_id: str, after: UUID | None, limit: int) -> list[Record]:
        """Sessions whose data key another key than `key_id` wraps, in the order of their ids."""

    @abstractmethod
    def count_wrapped_by_others(self, key_id: str) -> int: ...


def never_used(record: Record) -> bool:
    """Whether nobody ever opened a session, nor was anything said in it."""
    return record.connections == 0 and record.turns == 0


def cut(found: Sequence[T], newest: int | None, oldest: int | None) -> list[T]:
    """The last `newest` or the first `oldest` of what is in order, or all of it."""
    if oldest is not None:
        return list(found[:oldest])
    return list(found if newest is None else found[max(0, len(found) - newest) :])


def page_of(
    records: Iterable[Record], character: str, after: PageEnd | None, limit: int | None
) -> list[Record]:
    """What `Store.of_visitor` gives, of all of a visitor's records."""
    found = sorted(
        (record for record in records if not character or record.character == character),
        key=lambda record: (record.active_at, record.id),
        reverse=True,
    )
    if after is not None:
        found = [record for record in found if (record.active_at, record.id) < (after.active_at, after.id)]
    return found if limit is None else found[:limit]

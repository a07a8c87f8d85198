"""The interface of a session store, in the manner of `django.contrib.sessions.backends.base`."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sessions_app.models import VoiceSession
from sessions_app.records import Record, Summary, TurnRecord


@dataclass(frozen=True)
class Condition:
    """What must still be true of a session for a change to happen. Unset fields do not matter."""

    states: Collection[str] = tuple(VoiceSession.State.values)
    equal: Mapping[str, Any] = field(default_factory=dict)  # field: the value it must have
    later: Mapping[str, datetime] = field(default_factory=dict)  # field: it must lie after this

    def holds(self, record: Record) -> bool:
        return (
            record.state in self.states
            and all(getattr(record, name) == value for name, value in self.equal.items())
            and all(getattr(record, name) > moment for name, moment in self.later.items())
        )


@dataclass(frozen=True)
class Removed:
    """How much an erasure took away."""

    sessions: int = 0
    turns: int = 0
    summaries: int = 0

    def __add__(self, other: "Removed") -> "Removed":
        return Removed(
            self.sessions + other.sessions,
            self.turns + other.turns,
            self.summaries + other.summaries,
        )


class Store(ABC):
    """Keeps records and turns. Methods are synchronous and safe to call from several threads."""

    @abstractmethod
    def create(self, record: Record) -> None: ...

    @abstractmethod
    def load(self, session_id: UUID) -> Record | None: ...

    @abstractmethod
    def change(self, session_id: UUID, changes: Mapping[str, Any], condition: Condition) -> Record | None:
        """Applies `changes` if `condition` holds, as one atomic step.

        Counts it in `revision`. Returns the record as it is then, or None if the session is gone or the
        condition does not hold.
        """

    @abstractmethod
    def delete(self, session_id: UUID) -> Removed: ...

    @abstractmethod
    def append(self, session_id: UUID, turns: Sequence[TurnRecord]) -> list[int]:
        """Adds turns, all in one step; writing the same ones again changes nothing.

        Returns the sequence numbers at which another turn stands already; those were not written. Raises
        SessionNotFound.
        """

    @abstractmethod
    def turns(self, session_id: UUID, *, after: int = 0, newest: int | None = None) -> list[TurnRecord]:
        """Turns with a sequence above `after`, in order; at most the `newest` ones of them."""

    def first_turns(self, session_id: UUID, count: int) -> list[TurnRecord]:
        """The first `count` turns, in order."""
        return self.turns(session_id)[:count]

    @abstractmethod
    def summary(self, session_id: UUID) -> Summary | None:
        """The summary that covers the most."""

    @abstractmethod
    def summarise(self, session_id: UUID, summary: Summary) -> bool:
        """Keeps a summary; False if the session is gone or one that covers as much is there."""

    @abstractmethod
    def of_visitor(self, visitor: str) -> list[Record]:
        """A visitor's sessions, the last active first."""

    @abstractmethod
    def expired(self, now: datetime, limit: int) -> list[UUID]:
        """Live sessions whose time has run out."""

    @abstractmethod
    def past_retention(self, ended_before: datetime, limit: int) -> list[UUID]:
        """Sessions that were over before `ended_before`."""

    @abstractmethod
    def wrapped_by_others(self, key_id: str, after: UUID | None, limit: int) -> list[Record]:
        """Sessions whose data key another key than `key_id` wraps, in the order of their ids."""

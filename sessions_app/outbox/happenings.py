"""Happenings: what the Django signal tells of, and the facts that it and the outbox give, by one list."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from sessions_app.signals import happened

# What is told of sessions and of turns: columns in the clear, by the names that they have there.
SESSION_FACTS = ("character", "version", "draft", "visitor", "connections", "turns", "end_reason")
TURN_FACTS = ("sequence", "role", "interrupted", "version", "latency_ms")


@dataclass(frozen=True)
class Happening:
    """Something that has happened: an event before anybody is told of it. It has no words."""

    kind: str  # an EventKind
    at: datetime
    session_id: UUID | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def facts_of(thing: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in names}


def tell(happenings: Iterable[Happening]) -> None:
    """Sends the signal, once what they tell of is committed. A receiver that raises harms nothing."""
    told = list(happenings)
    if not told or not happened.has_listeners():
        return
    if connection.in_atomic_block:
        transaction.on_commit(lambda: _send(told))
    else:
        _send(told)


def _send(told: Iterable[Happening]) -> None:
    for one in told:
        happened.send_robust(type(one), happening=one)

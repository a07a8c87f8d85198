"""Leases of events: processes share the outbox, a lane is one's at a time, and that of a killed one expires.

An event leaves `waiting` only when it was delivered or given up, so that nothing behind it in its lane is
taken before. Failures are judged here: when the next try is, and when an endpoint rests or is switched off.
"""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_noop

from sessions_app.models import EventEndpoint, OutboxEvent
from sessions_app.outbox import sql

LEASE_SECS = 60.0  # longer than any delivery takes
FIRST_RETRY_SECS, LAST_RETRY_SECS = 5.0, 6 * 3600.0
TIMES_LONGER = 3.0
DOWN_AFTER = 3  # failures in a row; then one event at a time is tried
LONGEST_REST_SECS = 300.0
SEEN_STEP = timedelta(minutes=1)  # how exactly it is known when an endpoint was last reached
DEAD = gettext_noop("Switched off: nothing could be delivered for a long time.")
GONE = gettext_noop("Switched off: the receiver answered that it is gone (410).")
State = OutboxEvent.State


@dataclass(frozen=True)
class Claimed:
    """An event that the caller alone delivers, for as long as its lease lasts."""

    event: OutboxEvent
    endpoint: EventEndpoint
    holder: UUID


@dataclass(frozen=True)
class Settled:
    """What came of one try. `outcome` is for the operator, without words."""

    delivered: bool
    outcome: str
    took_ms: int
    retry_after_secs: float = 0.0  # what the receiver asked for
    gone: bool = False  # it asked never to be told again
    hopeless: bool = False  # no further try would help: the words cannot be opened any more


def _awake(now: datetime) -> Q:
    return Q(Q(resting_until=None) | Q(resting_until__lte=now), active=True)


def listening(now: datetime) -> list[EventEndpoint]:
    """Endpoints that may be told something at this moment."""
    return list(EventEndpoint.objects.filter(_awake(now)))


def claim(endpoint_id: UUID, now: datetime, most: int, in_hand: int = 0) -> list[Claimed]:
    """Events to deliver, the heads of their lanes that are due and nobody's: the oldest first.

    Together with those `in_hand` they are no more than `most`, and one where the endpoint is down.
    """
    endpoint = EventEndpoint.objects.filter(_awake(now), pk=endpoint_id).first()
    room = (1 if endpoint and endpoint.failures >= DOWN_AFTER else most) - in_hand
    if endpoint is None or room <= 0:
        return []
    holder = uuid4()
    values: dict[str, Any] = {
        "endpoint": endpoint.pk,
        "now": now,
        "until": now + timedelta(seconds=LEASE_SECS),
        "holder": holder,
        "most": room,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.HEADS, values)
        ids = [row[0] for row in cursor.fetchall()]
    rows = OutboxEvent.objects.filter(pk__in=ids, lease_by=holder).order_by("pk") if ids else []
    return [Claimed(row, endpoint, holder) for row in rows]


def delay_secs(tries: int, jitter: Callable[[], float] = random.random) -> float:
    """How long to wait after so many tries: 5 s, three times as long each time, 6 h at most, ± 20 %."""
    secs = min(LAST_RETRY_SECS, FIRST_RETRY_SECS * TIMES_LONGER ** min(tries - 1, 20))
    return float(secs * (0.8 + 0.4 * jitter()))


def settle(claimed: Claimed, came: Settled, now: datetime) -> None:
    """Keeps what came of a try; nothing if the lease is another's by now."""
    event = claimed.event
    changes: dict[str, object] = {
        "tries": F("tries") + 1,
        "outcome": came.outcome[:100],
        "took_ms": came.took_ms,
        "lease_by": None,
        "lease_until": None,
    }
    too_old = now - event.at > timedelta(seconds=settings.EVENTS_RETRY)
    if came.delivered:
        changes |= {"state": State.DELIVERED, "settled_at": now, "due_at": None}
    elif came.hopeless or (too_old and event.tries > 0):
        changes |= {"state": State.FAILED, "settled_at": now, "due_at": None}
    else:
        secs = max(delay_secs(event.tries + 1), min(came.retry_after_secs, LAST_RETRY_SECS))
        changes["due_at"] = now + timedelta(seconds=secs)
    OutboxEvent.objects.filter(pk=event.pk, lease_by=claimed.holder).update(**changes)
    if came.delivered:
        _reached(claimed.endpoint, now)
    elif not came.hopeless:
        _not_reached(claimed.endpoint, came, now)


def give_back(claimed: Claimed) -> None:
    """Somebody else may deliver it at once: this process stops."""
    OutboxEvent.objects.filter(pk=claimed.event.pk, lease_by=claimed.holder).update(
        lease_by=None, lease_until=None
    )


def again(messages: Collection[UUID]) -> int:
    """Sends settled events once more, under the numbers that they had; how many. Waiting ones go at once."""
    return OutboxEvent.objects.filter(message__in=messages).update(
        state=State.WAITING, settled_at=None, due_at=None, tries=0, outcome=""
    )


def _reached(endpoint: EventEndpoint, now: datetime) -> None:
    failing = Q(failures__gt=0)
    long_ago = Q(delivered_at=None) | Q(delivered_at__lt=now - SEEN_STEP)
    EventEndpoint.objects.filter(failing | long_ago, pk=endpoint.pk).update(
        failures=0, failing_since=None, resting_until=None, delivered_at=now
    )
    if endpoint.failures >= DOWN_AFTER:  # it is back: what waited for it need not wait any longer
        OutboxEvent.objects.filter(endpoint=endpoint, state=State.WAITING).update(due_at=None)


def _not_reached(endpoint: EventEndpoint, came: Settled, now: datetime) -> None:
    rows = EventEndpoint.objects.filter(pk=endpoint.pk)
    rows.update(failures=F("failures") + 1, failing_since=Coalesce(F("failing_since"), now))
    row = rows.first()
    if row is None:
        return
    dead = now - (row.failing_since or now) > timedelta(seconds=settings.EVENTS_GIVE_UP)
    if came.gone or dead:
        rows.update(active=False, note=GONE if came.gone else DEAD, resting_until=None)
    elif row.failures >= DOWN_AFTER:
        rest = min(LONGEST_REST_SECS, delay_secs(row.failures - DOWN_AFTER + 1))
        rows.update(resting_until=now + timedelta(seconds=rest))

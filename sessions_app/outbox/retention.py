"""How long events are kept: EVENTS_RETENTION, once they are settled or wait for an endpoint that is off."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min, Q

from sessions_app.models import EventEndpoint, OutboxEvent

State = OutboxEvent.State


@dataclass(frozen=True)
class Backlog:
    """What waits for endpoints that are on, and how old the oldest of it is."""

    waiting: int
    oldest_secs: float
    failed: int  # given up, and not forgotten yet


def purge(now: datetime) -> int:
    """Removes what has had its time, and what no endpoint is there for; how many."""
    before = now - timedelta(seconds=settings.EVENTS_RETENTION)
    settled = Q(settled_at__lt=before)
    stale = Q(state=State.WAITING, at__lt=before)
    nobodys = ~Q(endpoint_id__in=EventEndpoint.objects.values("pk"))
    return OutboxEvent.objects.filter(settled | stale | nobodys).delete()[0]


def backlog(now: datetime) -> Backlog:
    on = EventEndpoint.objects.filter(active=True).values("pk")
    waiting = OutboxEvent.objects.filter(state=State.WAITING, endpoint_id__in=on).order_by()
    oldest = waiting.aggregate(oldest=Min("at"))["oldest"]
    failed = OutboxEvent.objects.filter(state=State.FAILED).count()
    return Backlog(waiting.count(), max(0.0, (now - oldest).total_seconds()) if oldest else 0.0, failed)

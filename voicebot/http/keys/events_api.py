"""The events API: what became of events, to compare with what arrived, and to ask again. No words."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sessions_app.database import in_database
from sessions_app.identity import Scope
from sessions_app.models import OutboxEvent
from sessions_app.outbox import leases
from voicebot.http.keys.auth import key_with
from voicebot.http.schemas import Error

MOST_EVENTS = 100
REFUSED = (400, 401, 403, 429, 503)
router = Router(by_alias=True)


class WhichEvents(BaseModel):
    """Which events, and how many at a time."""

    after: int = Field(default=0, ge=0, le=2**63 - 1, description="a whole number: `next` of the page before")
    state: Literal["", "waiting", "delivered", "failed"] = Field(
        default="", description="waiting, delivered or failed: only events in that state"
    )
    limit: int = Field(
        default=MOST_EVENTS, ge=1, le=MOST_EVENTS, description=f"how many of them, at most {MOST_EVENTS}"
    )


class ListedEvent(BaseModel):
    """An event and what became of it. `id` is its `webhook-id`."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    id: UUID
    type: str
    at: datetime
    endpoint: UUID
    session: UUID | None
    data: dict[str, Any]
    state: str
    tries: int
    outcome: str
    settled_at: datetime | None


class EventPage(BaseModel):
    """Events in the order in which they were written; `next` where there may be more."""

    events: list[ListedEvent]
    next: int | None


class SentAgain(BaseModel):
    """How many deliveries begin anew."""

    again: int


def _page(which: WhichEvents) -> EventPage:
    rows = OutboxEvent.objects.filter(pk__gt=which.after).order_by("pk")
    if which.state:
        rows = rows.filter(state=which.state)
    found = list(rows[: which.limit])
    listed = [
        ListedEvent(
            id=row.message,
            type=row.kind,
            at=row.at,
            endpoint=row.endpoint_id,
            session=row.session_id,
            data=row.facts,
            state=row.state,
            tries=row.tries,
            outcome=row.outcome,
            settled_at=row.settled_at,
        )
        for row in found
    ]
    return EventPage(events=listed, next=found[-1].pk if len(found) == which.limit else None)


@router.get(
    "/events",
    url_name="events",
    operation_id="listEvents",
    summary="Events that are kept, and what became of their delivery",
    response={200: EventPage, REFUSED: Error},
    **key_with(Scope.EVENTS),
)
async def list_events(request: HttpRequest, which: Annotated[WhichEvents, Query(...)]) -> EventPage:
    return await in_database(_page, which)


@router.post(
    "/events/{uuid:event_id}/again",
    url_name="event_again",
    operation_id="sendEventAgain",
    summary="Delivers it once more, under its number",
    response={200: SentAgain, (401, 403, 404, 429, 503): Error},
    **key_with(Scope.EVENTS),
)
async def send_event_again(request: HttpRequest, event_id: UUID) -> SentAgain:
    return SentAgain(again=await in_database(leases.again, [event_id]))

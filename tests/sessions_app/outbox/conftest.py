"""Somebody who listens, and a session to tell of."""

import pytest

from sessions_app.models import EventEndpoint, OutboxEvent
from sessions_app.outbox import secrets


def endpoint(name: str = "crm", **more) -> EventEndpoint:
    """One that is kept, with a secret."""
    from sessions_app.database import database_clock

    made = EventEndpoint(name=name, url="https://crm.example/hook", **more)
    secrets.issue(made, database_clock())
    made.save()
    return made


def told(**which) -> list[str]:
    """The kinds of what is in the outbox, in order."""
    return list(OutboxEvent.objects.filter(**which).order_by("pk").values_list("kind", flat=True))


@pytest.fixture
def listener():
    return endpoint()

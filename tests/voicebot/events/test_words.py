"""Words leave this house with events where an operator wants that, and for as long."""

from uuid import UUID

import pytest

from sessions_app.models import EventEndpoint
from sessions_app.outbox import leases

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
CANARY = "zanzibarquince"


async def test_words_go_where_an_operator_chose_so(receiver, house):
    await house.endpoint(receiver.url, with_words=True)
    await house.session(CANARY)
    await house.delivery().deliver_all()
    started, turn = receiver.events()
    assert started["data"]["metadata"] == {"booking": "A7"}
    assert turn["data"]["text"] == CANARY


async def test_words_stay_here_once_an_operator_wants_them_sent_no_more(receiver, house):
    """What waits, and what is sent again, too: whoever may not read words may lead the rest elsewhere."""
    endpoint, _ = await house.endpoint(receiver.url, with_words=True)
    await house.session(CANARY)
    await house.do(EventEndpoint.objects.filter(pk=endpoint.pk).update, with_words=False)
    await house.delivery().deliver_all()
    assert receiver.kinds() == ["session.started", "turn.finished"]
    await house.do(leases.again, [UUID(headers["webhook-id"]) for headers, _ in receiver.got])
    await house.delivery().deliver_all()
    assert len(receiver.got) == 4
    assert all({"text", "metadata"}.isdisjoint(event["data"]) for event in receiver.events())

"""What leaves the outbox: in order, at least once, signed; and one that fails holds nobody else up."""

import asyncio
import base64
import hashlib
import hmac
from datetime import timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from sessions_app.models import EventKind, OutboxEvent
from sessions_app.outbox import leases, note_test, retention, secrets
from sessions_app.outbox.leases import DOWN_AFTER, LEASE_SECS, delay_secs

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
CANARY = "zanzibarquince"


def verified(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """By the standard's own library, which looks at the time as well, and as docs/events.md shows it."""
    by_hand = verified_by_hand(headers, body, secret)
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        assert not by_hand
        return False
    assert by_hand
    return True


def verified_by_hand(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """At any time: the library has a clock of its own."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [part.removeprefix("v1,") for part in headers["webhook-signature"].split()]
    return any(hmac.compare_digest(expected, one) for one in given)


async def test_events_come_in_order_signed_and_without_words(receiver, house):
    _, secret = await house.endpoint(receiver.url)
    session = await house.session(CANARY, "Aye.")
    await house.do(house.manager.end, session.id, reason="visitor")
    await house.delivery().deliver_all()
    assert receiver.kinds() == ["session.started", "turn.finished", "turn.finished", "session.ended"]
    assert {event["data"]["session"] for event in receiver.events()} == {str(session.id)}
    assert all(verified(headers, body, secret) for headers, body in receiver.got)
    assert not any(verified(headers, body + b" ", secret) for headers, body in receiver.got)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 4
    assert CANARY.encode() not in b"".join(body for _, body in receiver.got)
    assert set(await house.states()) == {"delivered"}
    first = receiver.events()[1]
    assert first["data"]["sequence"] == 1
    assert set(first) == {"type", "timestamp", "data"}


async def test_what_was_erased_is_not_sent(receiver, house):
    await house.endpoint(receiver.url, with_words=True)
    session = await house.session(CANARY)
    await house.do(house.manager.erase, session.id)
    await house.delivery().deliver_all()
    assert receiver.got == []


async def test_one_whose_key_is_gone_is_given_up(receiver, house):
    from sessions_app.models import DataKey

    await house.endpoint(receiver.url, with_words=True)
    session = await house.session(CANARY)
    await house.do(DataKey.objects.filter(session_id=session.id).delete)
    await house.delivery().deliver_all()
    assert receiver.got == []
    assert set(await house.states()) == {"failed"}


async def test_a_failing_event_comes_again_under_its_number_before_those_behind_it(receiver, house):
    await house.endpoint(receiver.url)
    receiver.answers = [503]
    await house.session("Ahoy.")
    delivery = house.delivery()
    await delivery.deliver_all()
    assert receiver.kinds() == ["session.started"], "what is behind it waits"
    await delivery.deliver_all()
    assert len(receiver.got) == 1, "not before its time"
    house.ahead = 7
    await delivery.deliver_all()
    assert receiver.kinds() == ["session.started", "session.started", "turn.finished"]
    first, again, _ = (headers["webhook-id"] for headers, _ in receiver.got)
    assert first == again


async def test_one_session_that_fails_holds_no_other_up(receiver, house):
    await house.endpoint(receiver.url)
    bad, good = await house.session("One."), await house.session("Two.")
    receiver.refused = {str(bad.id)}
    await house.delivery().deliver_all()
    assert set(await house.states(session_id=good.id)) == {"delivered"}
    assert await house.states(session_id=bad.id) == ["waiting", "waiting"]


async def test_an_endpoint_that_hangs_holds_no_other_up(receiver, house, unused_tcp_port):
    hangs = await asyncio.start_server(lambda *_: asyncio.sleep(60), "127.0.0.1", unused_tcp_port)
    await house.endpoint(f"http://127.0.0.1:{unused_tcp_port}/", "hangs")
    working, _ = await house.endpoint(receiver.url)
    await house.session("Ahoy.")
    delivery = house.delivery()
    await delivery.round()
    async with asyncio.timeout(8):
        while await house.states(endpoint=working) != ["delivered"] * 2:
            await asyncio.sleep(0.02)
    await delivery.stop()
    hangs.close()
    assert set(await house.states()) == {"waiting", "delivered"}


async def test_what_a_stopped_process_had_in_hand_is_free_at_once(receiver, house):
    receiver.held = asyncio.Event()
    await house.endpoint(receiver.url)
    await house.session()
    stopped = house.delivery()
    await stopped.round()
    async with asyncio.timeout(8):
        while not receiver.got:
            await asyncio.sleep(0.02)
    await stopped.stop()
    receiver.held = None
    await house.delivery().deliver_all()
    assert len(receiver.got) == 2
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


async def test_what_a_killed_process_had_in_hand_is_free_when_its_lease_is_over(receiver, house):
    endpoint, _ = await house.endpoint(receiver.url)
    await house.session()
    assert len(await house.do(leases.claim, endpoint.pk, house.clock(), 8)) == 1
    await house.delivery().deliver_all()
    assert receiver.got == []
    house.ahead = LEASE_SECS + 1
    await house.delivery().deliver_all()
    assert receiver.kinds() == ["session.started"]


async def test_two_processes_share_the_work_and_keep_the_order(receiver, house):
    await house.endpoint(receiver.url)
    sessions = [await house.session(*"abcdef") for _ in range(6)]
    await asyncio.gather(house.delivery().deliver_all(), house.delivery().deliver_all())
    for session in sessions:
        mine = [event["data"] for event in receiver.events() if event["data"]["session"] == str(session.id)]
        assert [data.get("sequence", 0) for data in mine] == [0, 1, 2, 3, 4, 5, 6]
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == len(receiver.got) == 42


async def test_an_endpoint_that_is_down_is_asked_seldom_and_gets_everything_when_it_is_back(receiver, house):
    endpoint, _ = await house.endpoint(receiver.url)
    for _ in range(6):
        await house.session("Ahoy.")
    receiver.answers = [500] * 100
    delivery = house.delivery()
    await delivery.deliver_all()
    asked = len(receiver.got)
    assert asked <= 6
    assert (await house.row(endpoint)).failures >= DOWN_AFTER
    await delivery.deliver_all()
    assert len(receiver.got) == asked, "it rests"
    house.ahead = 400
    await delivery.deliver_all()
    assert len(receiver.got) == asked + 1, "one tries the way"
    receiver.answers = []
    house.ahead = 4000
    await delivery.deliver_all()
    assert set(await house.states()) == {"delivered"}
    row = await house.row(endpoint)
    assert (row.failures, row.failing_since, row.resting_until) == (0, None, None)


async def test_an_endpoint_that_stays_dead_is_switched_off_and_tells_why(receiver, house, settings):
    endpoint, _ = await house.endpoint(receiver.url)
    await house.session("Ahoy.")
    receiver.answers = [500] * 100
    delivery = house.delivery()
    for _ in range(4):
        await delivery.deliver_all()
        house.ahead += settings.EVENTS_GIVE_UP / 2
    row = await house.row(endpoint)
    assert not row.active
    assert "long time" in row.note
    await house.session("Nobody hears.")
    assert len(await house.states()) == 2, "it is told of nothing new"


async def test_one_that_says_it_is_gone_is_not_asked_again(receiver, house):
    endpoint, _ = await house.endpoint(receiver.url)
    await house.session("Ahoy.")
    receiver.answers = [410]
    await house.delivery().deliver_all()
    row = await house.row(endpoint)
    assert (row.active, len(receiver.got)) == (False, 1)
    assert "410" in row.note


async def test_an_event_is_given_up_after_days_and_can_be_sent_again(receiver, house, settings):
    await house.endpoint(receiver.url)
    session = await house.session("Ahoy.")
    receiver.refused = {str(session.id)}
    delivery = house.delivery()
    await delivery.deliver_all()
    house.ahead = settings.EVENTS_RETRY + 60
    await delivery.deliver_all()
    assert (await house.states())[0] == "failed"
    receiver.refused = set()
    house.ahead += 7 * 3600
    await delivery.deliver_all()
    assert await house.states() == ["failed", "delivered"]
    [number] = await house.do(lambda: [OutboxEvent.objects.get(state="failed").message])
    assert await house.do(leases.again, [number]) == 1
    await delivery.deliver_all()
    assert set(await house.states()) == {"delivered"}
    assert receiver.kinds()[-1] == "session.started"


async def test_a_receiver_may_ask_for_time(receiver, house):
    await house.endpoint(receiver.url)
    await house.session()
    receiver.answers, receiver.headers = [429], {"Retry-After": "120"}
    delivery = house.delivery()
    await delivery.deliver_all()
    house.ahead = 100
    await delivery.deliver_all()
    assert len(receiver.got) == 1
    house.ahead = 121
    await delivery.deliver_all()
    assert await house.states() == ["delivered"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.2:9/", "http://10.0.0.7/", "https://[::1]/", "http://example.com/"]
)
async def test_no_address_of_the_house_is_told_anything(house, url):
    """Only the network that is allowed is asked by plain http, and no private one by any way."""
    await house.endpoint(url)
    await house.session()
    await house.delivery().deliver_all()
    [row] = await house.do(lambda: list(OutboxEvent.objects.all()))
    assert row.state == "waiting"
    assert "reached" in row.outcome or "public" in row.outcome


async def test_a_redirect_is_a_failure(receiver, house):
    await house.endpoint(receiver.url)
    await house.session()
    receiver.answers, receiver.headers = [302], {"Location": receiver.url + "/elsewhere"}
    await house.delivery().deliver_all()
    assert (len(receiver.got), await house.states()) == (1, ["waiting"])


async def test_while_a_secret_is_changed_both_are_good_for_a_day(receiver, house):
    endpoint, old = await house.endpoint(receiver.url)

    def change() -> str:
        text = secrets.issue(endpoint, house.clock())
        endpoint.save()
        return text

    new = await house.do(change)
    await house.session("Ahoy.")
    await house.delivery().deliver_all()
    assert all(verified_by_hand(*one, old) and verified_by_hand(*one, new) for one in receiver.got)
    house.ahead = timedelta(days=1, minutes=1).total_seconds()
    await house.session()
    await house.delivery().deliver_all()
    assert verified_by_hand(*receiver.got[-1], new)
    assert not verified_by_hand(*receiver.got[-1], old)


async def test_a_test_event_is_sent_whatever_is_listened_to(receiver, house):
    endpoint, _ = await house.endpoint(receiver.url, kinds=["session.ended"])
    await house.do(note_test, endpoint, house.clock())
    await house.delivery().deliver_all()
    assert receiver.kinds() == [EventKind.TEST]


async def test_what_was_delivered_is_kept_for_a_while(receiver, house, settings):
    await house.endpoint(receiver.url)
    await house.session("Ahoy.")
    await house.delivery().deliver_all()
    kept = timedelta(seconds=settings.EVENTS_RETENTION)
    assert await house.do(retention.purge, house.clock() + kept - timedelta(hours=1)) == 0
    assert await house.do(retention.purge, house.clock() + kept + timedelta(hours=1)) == 2
    assert await house.states() == []


async def test_pauses_grow_and_are_never_the_same_for_all():
    assert [delay_secs(tries, lambda: 0.5) for tries in (1, 2, 3, 9, 50)] == [5, 15, 45, 21600, 21600]
    assert delay_secs(1, lambda: 0.0) == 4
    assert delay_secs(1, lambda: 1.0) == pytest.approx(6)

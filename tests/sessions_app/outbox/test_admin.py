"""The desk's side of events out: a secret shown once, who may have words sent, what became of deliveries."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User

from sessions_app.database import database_clock
from sessions_app.models import EventEndpoint, EventKind, OutboxEvent
from sessions_app.outbox import note_test, secrets
from tests.sessions_app.outbox.conftest import endpoint

pytestmark = pytest.mark.django_db
ENDPOINTS, DELIVERIES = "/admin/sessions_app/eventendpoint/", "/admin/sessions_app/outboxevent/"
FILLED = {
    "name": "Harbour office",
    "url": "https://harbour.example/hook",
    "kinds": ["session.ended", "turn.finished"],
    "active": "on",
}
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{40,}")


def signed_in(client, *codenames: str):
    user = User.objects.create_user("somebody", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)
    session = client.session
    session["confirmed_at"] = database_clock().timestamp()
    session.save()
    return client


def test_an_endpoint_is_made_and_its_secret_shown_once(admin_client):
    page = admin_client.post(ENDPOINTS + "add/", FILLED)
    made = EventEndpoint.objects.get()
    [secret] = SECRET.findall(page.content.decode())
    assert secrets.in_force(made, database_clock()) == [secret]
    assert (made.kinds, made.with_words) == (["session.ended", "turn.finished"], False)
    for address in (ENDPOINTS, f"{ENDPOINTS}{made.pk}/change/"):
        again = admin_client.get(address)
        assert again.status_code == 200
        assert not SECRET.search(again.content.decode())
    assert secret.encode() not in bytes(made.sealed_secrets)


@pytest.mark.parametrize("url", ["ftp://harbour.example/", "https://me:word@harbour.example/", "harbour"])
def test_an_address_that_is_none_is_refused(admin_client, url):
    admin_client.post(ENDPOINTS + "add/", {**FILLED, "url": url})
    assert not EventEndpoint.objects.filter(url__startswith="ftp").exists()
    assert not EventEndpoint.objects.filter(url__contains="word").exists()


def test_a_test_event_and_a_new_secret_are_a_button_away(admin_client):
    made = endpoint()
    before = secrets.in_force(made, database_clock())
    button = "sessions_app_eventendpoint_"
    change = f"{ENDPOINTS}{made.pk}/change/"
    assert f"{button}send_test" in admin_client.get(change).content.decode()
    admin_client.post(change, {**FILLED, f"{button}send_test": "1"})
    event = OutboxEvent.objects.get()
    assert (event.kind, event.endpoint, event.state) == (EventKind.TEST, made, "waiting")
    page = admin_client.post(change, {**FILLED, f"{button}new_secret": "1"})
    made.refresh_from_db()
    [new] = SECRET.findall(page.content.decode())
    assert secrets.in_force(made, database_clock()) == [new, *before]
    assert "A new secret was made." in {entry.get_change_message() for entry in LogEntry.objects.all()}


def test_one_that_was_switched_off_says_why_and_begins_anew(admin_client):
    from sessions_app.outbox.leases import DEAD

    made = endpoint(active=False, note=DEAD, failures=9, failing_since=database_clock())
    assert DEAD in admin_client.get(ENDPOINTS).content.decode()
    admin_client.post(f"{ENDPOINTS}{made.pk}/change/", FILLED)
    made.refresh_from_db()
    assert (made.active, made.note, made.failures, made.failing_since) == (True, "", 0, None)


def test_words_are_sent_by_those_only_who_may_read_them(client):
    signed_in(client, "add_eventendpoint", "change_eventendpoint", "view_eventendpoint")
    client.post(ENDPOINTS + "add/", {**FILLED, "with_words": "on"})
    assert not EventEndpoint.objects.get().with_words
    wordy = endpoint("wordy", with_words=True)
    client.post(f"{ENDPOINTS}{wordy.pk}/change/", {**FILLED, "url": "https://thief.example/"})
    wordy.refresh_from_db()
    assert wordy.url == "https://crm.example/hook"
    user = User.objects.get()
    user.user_permissions.add(Permission.objects.get(codename="read_transcript"))
    client.post(f"{ENDPOINTS}{wordy.pk}/change/", {**FILLED, "with_words": "on"})
    wordy.refresh_from_db()
    assert (wordy.url, wordy.with_words) == (FILLED["url"], True)


def test_a_delivery_is_seen_and_sent_again(admin_client):
    event = note_test(endpoint(), database_clock())
    OutboxEvent.objects.update(state="failed", outcome="500", tries=12, settled_at=database_clock())
    listed = admin_client.get(DELIVERIES).content.decode()
    assert "500" in listed
    assert admin_client.get(f"{DELIVERIES}{event.pk}/change/").status_code == 200
    admin_client.post(DELIVERIES, {"action": "send_again", "_selected_action": [event.pk]})
    event.refresh_from_db()
    assert (event.state, event.tries, event.settled_at) == ("waiting", 0, None)
    assert admin_client.post(f"{DELIVERIES}{event.pk}/delete/", {"post": "yes"}).status_code == 403

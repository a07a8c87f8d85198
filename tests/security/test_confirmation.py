"""A stolen login opens no keys, people, transcripts or erasure: a password is asked for again (M8)."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from sessions_app.models import ApiKey, VoiceSession
from tests.security.conftest import PASSWORD
from tests.sessions_app.factory import spoken_session

pytestmark = pytest.mark.django_db
LATER = 11 * 60
SESSIONS = "/admin/sessions_app/voicesession/"
KEYS = "/admin/sessions_app/apikey/"


@pytest.fixture
def boss(now, boss) -> User:
    """Signed in at a time that a test sets forward."""
    return boss


@pytest.fixture
def session():
    return spoken_session()


def asks_again(answer) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith("/admin/confirm/?next=")


@pytest.mark.parametrize(
    "path",
    [
        KEYS + "add/",
        "/admin/voicebot/providerprofile/add/",
        "/admin/auth/user/add/",
        "/admin/auth/user/{user}/change/",
        "/admin/auth/user/{user}/password/",
        "/admin/auth/user/{user}/delete/",
        "/admin/auth/group/add/",
        "/admin/auth/group/{group}/change/",
        "/admin/password_change/",
        SESSIONS + "{session}/transcript/",
    ],
)
def test_what_is_guarded_asks_who_it_is_after_ten_minutes(client, boss, now, session, path):
    path = path.format(user=boss.pk, session=session.id, group=Group.objects.create(name="some").pk)
    assert client.get(path).status_code == 200, "just signed in"
    now[0] += LATER
    answer = client.get(path)
    assert asks_again(answer)
    assert asks_again(client.post(path, {"name": "taken", "origins": ""}))
    assert client.post(answer["Location"], {"password": "wrong"}).status_code == 200
    assert asks_again(client.get(path))
    answer = client.post(answer["Location"], {"password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, path)
    assert client.get(path).status_code == 200


def test_a_stolen_login_makes_no_key_and_erases_and_revokes_nothing(client, boss, now, session):
    client.post(KEYS + "add/", {"name": "ours", "origins": ""})
    key = ApiKey.objects.get()
    now[0] += LATER
    for path, said in (
        (KEYS + "add/", {"name": "stolen", "origins": ""}),
        (KEYS, {"action": "revoke", "_selected_action": [key.pk]}),
        (SESSIONS, {"action": "erase_sessions", "_selected_action": [str(session.id)]}),
        ("/admin/auth/user/", {"action": "delete_selected", "_selected_action": [boss.pk], "post": "yes"}),
    ):
        assert asks_again(client.post(path, said)), path
    assert ApiKey.objects.get().revoked_at is None
    assert VoiceSession.objects.exists()
    assert User.objects.exists()


def test_everyday_work_asks_nothing(client, boss, now, session):
    now[0] += LATER
    for path in ("/admin/", SESSIONS, KEYS, "/admin/characters/character/", "/admin/auth/user/"):
        assert client.get(path).status_code == 200, path
    client.post(SESSIONS, {"action": "end_sessions", "_selected_action": [str(session.id)]})
    assert VoiceSession.objects.get().state == "ended"


def test_confirming_is_limited_like_signing_in_and_takes_the_own_password_only(client, boss, now):
    User.objects.create_superuser("other", password="another-Password-8")
    now[0] += LATER
    page = reverse("admin:confirm") + "?next=" + KEYS + "add/"
    assert client.post(page, {"password": "another-Password-8"}).status_code == 200
    for number in range(6):
        answer = client.post(page, {"password": f"guess-{number}"})
    assert answer.status_code == 429
    assert client.post(page, {"password": PASSWORD}).status_code == 429
    assert asks_again(client.get(KEYS + "add/"))


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_confirming_leads_nowhere_else(client, boss, target):
    answer = client.post(reverse("admin:confirm") + f"?next={target}", {"password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_a_stranger_is_sent_to_sign_in(now):
    assert Client().get("/admin/confirm/")["Location"].startswith("/admin/login/")


def test_a_new_key_stands_in_the_answer_and_in_no_cookie(client, boss):
    answer = client.post(KEYS + "add/", {"name": "ours", "origins": ""})
    page = answer.content.decode()
    key = ApiKey.objects.get()
    assert answer.status_code == 200
    assert f"<code>{key.shown}" in page
    assert "no-store" in answer["Cache-Control"]
    assert "messages" not in answer.cookies
    assert key.shown not in client.get(KEYS + "add/").content.decode()

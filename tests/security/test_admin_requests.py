"""Requests that would have the desk act by GET, lead elsewhere, answer to another name or be framed."""

import json

import pytest
from django.contrib.auth.models import User
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory

from characters.models import Character
from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession
from tests.characters.factory import make_character
from tests.security.conftest import PASSWORD

pytestmark = pytest.mark.django_db
DESK = "/admin/characters/character/"
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "///evil.example",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("act", ["withdraw", "publish", "changes/1/restore"])
def test_nothing_is_done_by_get(admin_client, act):
    character = make_character()
    before = Character.objects.values().get()
    admin_client.get(f"{DESK}{character.pk}/{act}/")
    assert Character.objects.values().get() == before


@pytest.mark.parametrize("action", ["erase", "end", "erase_sessions", "end_sessions", "delete_selected"])
def test_no_action_is_done_by_get(admin_client, action):
    make_character()
    made = SyncSessionManager().create(character="marlow", visitor="anon:me")
    said = {"action": action, "_selected_action": made.id}
    admin_client.get("/admin/sessions_app/voicesession/", said)
    assert VoiceSession.objects.get().state == "created"


@pytest.mark.parametrize("target", ELSEWHERE)
@pytest.mark.parametrize("where", ["body", "address", "Referer"])
def test_a_change_of_language_leads_nowhere_else(client, target, where):
    said = {"language": "en"} | ({"next": target} if where == "body" else {})
    path = "/language/" + (f"?next={target}" if where == "address" else "")
    headers = {"referer": target} if where == "Referer" else {}
    assert client.post(path, said, headers=headers)["Location"] == "/"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_nor_does_signing_in(client, target):
    User.objects.create_superuser("boss", password=PASSWORD)
    said = {"username": "boss", "password": PASSWORD, "next": target}
    answer = client.post(f"/admin/login/?next={target}", said)
    assert answer.status_code == 302
    assert answer["Location"] in ("/admin/", "/accounts/profile/")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "testserver.evil.example"},
        {"host": "testserver@evil.example"},
        {"host": ""},
    ],
)
@pytest.mark.parametrize("path", ["/", "/admin/login/", "/talk/marlow/"])
def test_another_host_is_refused(client, headers, path):
    make_character()
    assert client.get(path, headers=headers).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_a_forwarded_host_is_nothing_to_us(client):
    make_character()
    said = json.dumps({"body": {"character": "marlow"}})
    headers = {
        "x-forwarded-host": "evil.example",
        "x-forwarded-server": "evil.example",
        "forwarded": "host=evil.example",
    }
    answer = client.post("/api/start", said, content_type="application/json", headers=headers)
    assert answer.json()["wsUrl"].startswith("ws://testserver/")
    assert "evil.example" not in client.get("/characters/marlow/", headers=headers).text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 302),
        ({"origin": "http://testserver"}, 302),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://testserver.evil.example"}, 403),
    ],
)
def test_a_form_with_its_token_from_another_page_is_refused(headers, status):
    character = make_character()
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("boss"))
    token = get_token(RequestFactory().get("/"))
    client.cookies["csrftoken"] = token
    answer = client.post(f"{DESK}{character.pk}/withdraw/", {"csrfmiddlewaretoken": token}, headers=headers)
    assert answer.status_code == status
    assert (Character.objects.get().published is None) == (status == 302)


@pytest.mark.parametrize("referer", ["https://evil.example/", "http://testserver/", ""])
def test_over_https_a_foreign_referer_is_refused_too(referer):
    character = make_character()
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("boss"))
    token = get_token(RequestFactory().get("/"))
    client.cookies["csrftoken"] = token
    said = {"csrfmiddlewaretoken": token}
    headers = {"referer": referer} if referer else {}
    answer = client.post(f"{DESK}{character.pk}/withdraw/", said, secure=True, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/", "/talk/marlow/", "/characters/marlow/", "/admin/login/"])
def test_no_other_page_frames_ours(client, path):
    make_character()
    policy = client.get(path)["Content-Security-Policy"]
    assert [rule.strip() for rule in policy.split(";") if "frame-ancestors" in rule] in (
        ["frame-ancestors 'none'"],
        ["frame-ancestors 'self'"],
    )


def test_an_unknown_name_takes_as_long_as_a_known_one(client, monkeypatch):
    """What takes the time is the password's hash: it is made for names that nobody has, too."""
    from django.contrib.auth.hashers import MD5PasswordHasher

    User.objects.create_superuser("boss", password=PASSWORD)
    made: list[str] = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda self, *args: made.append(args[0]) or encode(self, *args)
    )
    for name in ("boss", "nobody"):
        client.post("/admin/login/", {"username": name, "password": "wrong"})
    assert made == ["wrong", "wrong"]


def test_names_that_look_alike_are_guessed_as_one(settings):
    settings.LOGIN_FAILURES = 3
    User.objects.create_superuser("boss", password=PASSWORD)
    for name in ("boss", "BOSS", "\uff42oss"):
        Client().post("/admin/login/", {"username": name, "password": "wrong"}, REMOTE_ADDR="192.0.2.1")
    said = {"username": "boss", "password": PASSWORD}
    assert Client().post("/admin/login/", said, REMOTE_ADDR="192.0.2.1").status_code != 302

"""What lets a visitor in: forged cookies, tokens that are over, keys of another page."""

import json
from uuid import uuid4

import pytest
from django.core import signing
from django.test import Client

from sessions_app.exceptions import SessionError
from sessions_app.identity import api_keys, visitors
from sessions_app.manager import SyncSessionManager
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db(transaction=True)


def post(client: Client, headers=None, **body: object):
    return client.post(
        "/api/start", json.dumps({"body": body}), content_type="application/json", headers=headers or {}
    )


@pytest.fixture
def owner() -> Client:
    make_character()
    client = Client()
    assert post(client, character="marlow").status_code == 200
    return client


def forged(good: str) -> dict[str, str]:
    value = good.split(":", maxsplit=1)[0]
    return {
        "unsigned": value,
        "empty": "",
        "another value under the same signature": good.replace(value, "x" * len(value)),
        "another signature": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "of another salt": signing.get_cookie_signer(salt="elsewhere").sign(value),
        "of another secret": signing.TimestampSigner(
            key="x" * 50, salt=visitors.VISITOR_COOKIE + visitors.VISITOR_SALT
        ).sign(value),
        "its hash out of the database": visitors.of_cookie(value),
        "very long": good + "x" * 7000,
        "half": good[: len(good) // 2],
    }


def test_a_forged_cookie_is_nobody(owner):
    good = owner.cookies[visitors.VISITOR_COOKIE].value
    (session,) = owner.get("/api/sessions").json()["sessions"]
    for how, value in forged(good).items():
        thief = Client()
        thief.cookies[visitors.VISITOR_COOKIE] = value
        assert thief.get("/api/sessions").status_code in (401, 200), how
        assert session["id"] not in thief.get("/api/sessions").text, how
        assert thief.get(f"/api/sessions/{session['id']}").status_code == 403, how
        assert thief.delete(f"/api/sessions/{session['id']}").status_code == 403, how
        assert post(thief, session=session["id"]).status_code == 403, how


def resume(manager, made):
    manager.resume(made.id, made.visitor)


def end(manager, made):
    manager.end(made.id, "visitor")


def erase(manager, made):
    manager.erase(made.id)


@pytest.mark.parametrize("over", [resume, end, erase])
def test_a_token_that_is_over_opens_nothing(over):
    make_character()
    manager = SyncSessionManager()
    made = manager.create(character="marlow", visitor="anon:me")
    over(manager, made)
    with pytest.raises(SessionError):
        manager.open(made.id, made.token, uuid4())


@pytest.mark.parametrize("over", [end, erase])
def test_nor_does_a_secret(over):
    make_character()
    manager = SyncSessionManager()
    made = manager.create(character="marlow", visitor="anon:me")
    over(manager, made)
    with pytest.raises(SessionError):
        manager.resume(made.id, "", made.secret)


KEYED = "https://shop.example"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "https://shop.example.evil.example"])
def test_a_key_is_for_its_own_page(origin):
    make_character()
    _, shown = api_keys.issue("ours", [KEYED])
    headers = {"authorization": f"Bearer {shown}", "origin": origin}
    answer = post(Client(), headers, character="marlow")
    assert answer.status_code in (401, 403)


def test_a_wrong_and_a_revoked_key_begin_nothing():
    make_character()
    key, shown = api_keys.issue("ours", [KEYED])
    page = {"origin": KEYED}
    assert post(Client(), page | {"authorization": f"Bearer {shown}"}, character="marlow").status_code == 200
    wrong = post(Client(), page | {"authorization": f"Bearer {shown[:-1]}"}, character="marlow")
    assert wrong.status_code in (401, 403)
    api_keys.revoke(key)
    revoked = post(Client(), page | {"authorization": f"Bearer {shown}"}, character="marlow")
    assert revoked.status_code in (401, 403)


def test_a_withdrawn_character_and_a_draft_are_on_no_stage(owner, admin_client):
    make_character(slug="hidden", published=False)
    made = SyncSessionManager().create(character="marlow", visitor="anon:me")
    for client in (owner, Client()):
        assert client.get("/talk/hidden/").status_code == 404
        assert client.get("/talk/hidden/?draft").status_code == 403
        assert post(client, character="hidden").status_code == 404
        assert post(client, character="hidden", draft=True).status_code in (401, 403)
    with pytest.raises(SessionError):
        SyncSessionManager().switch(made.id, "hidden")
    assert post(admin_client, character="hidden", draft=True).status_code == 200

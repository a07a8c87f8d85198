"""A visitor's own sessions over HTTP, and nobody else's."""

import json

import pytest
from django.utils import timezone

from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession
from sessions_app.session.turn import Turn
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mine(client):
    """A session of `client`'s, with a turn in it, and the answer that began it."""
    make_character()
    body = json.dumps({"body": {"character": "marlow"}})
    answer = client.post("/api/start", body, content_type="application/json")
    session = VoiceSession.objects.get()
    SyncSessionManager().append(session.pk, [Turn(1, "user", "zanzibarquince", False, timezone.now())])
    return str(session.pk), answer


def test_a_visitor_lists_reads_and_erases_their_own(client, mine):
    session, _ = mine
    (listed,) = client.get("/api/sessions").json()["sessions"]
    assert (listed["id"], listed["turns"], listed["state"]) == (session, 1, "created")
    read = client.get(f"/api/sessions/{session}")
    (turn,) = json.loads(b"".join(read))["turns"]
    assert (turn["text"], turn["name"]) == ("zanzibarquince", "")
    assert "attachment" in read["Content-Disposition"]
    assert read["Cache-Control"] == "no-store"
    receipt = client.delete(f"/api/sessions/{session}").json()
    assert receipt["erased"] == {"sessions": 1, "turns": 1, "summaries": 0, "memories": 0, "keys": 1}
    assert receipt["at"]
    assert client.get(f"/api/sessions/{session}").status_code == 404


def test_each_turn_names_the_character_that_spoke_it(client, mine):
    session, _ = mine
    make_character(slug="ada", name="Ada Quill")
    said = [
        Turn(number, "assistant", "Yes.", False, timezone.now(), version)
        for number, version in enumerate(("marlow@1", "ada@draft", "gone@3"), 2)
    ]
    SyncSessionManager().append(session, said)
    turns = json.loads(b"".join(client.get(f"/api/sessions/{session}")))["turns"]
    assert [turn["name"] for turn in turns] == ["", "Captain Marlow", "Ada Quill", "gone"]


def test_all_of_them_at_once(client, mine):
    assert client.delete("/api/sessions").json()["erased"]["sessions"] == 1
    assert client.get("/api/sessions").json() == {"sessions": []}


def test_all_of_them_are_those_before_signing_in_too(client, mine, django_user_model):
    client.force_login(django_user_model.objects.create_user("robin"))
    assert client.delete("/api/sessions").json()["erased"] == {
        "sessions": 1,
        "turns": 1,
        "summaries": 0,
        "memories": 0,
        "keys": 1,
    }
    client.cookies.pop("sessionid")
    assert client.get("/api/sessions").json() == {"sessions": []}


@pytest.mark.parametrize("signed_in", [False, True])
def test_nobody_else_sees_or_erases_them(client, mine, signed_in, django_user_model):
    session, _ = mine
    stranger = type(client)()
    if signed_in:
        stranger.force_login(django_user_model.objects.create_user("robin"))
        assert stranger.get("/api/sessions").json() == {"sessions": []}
    else:
        assert stranger.get("/api/sessions").status_code == 401
    for ask in (stranger.get, stranger.delete):
        assert ask(f"/api/sessions/{session}").status_code == 403
    assert VoiceSession.objects.exists()


def test_a_client_without_a_cookie_shows_the_secret(client, mine):
    session, answer = mine
    stranger = type(client)()
    secret = answer["Greenroom-Session-Secret"]
    right = stranger.get(f"/api/sessions/{session}", headers={"authorization": f"Bearer {secret}"})
    assert right.status_code == 200
    wrong = stranger.get(f"/api/sessions/{session}", headers={"authorization": "Bearer nonsense"})
    assert wrong.status_code == 403


def test_a_foreign_page_gets_nothing(client, mine):
    session, _ = mine
    for path in ("/api/sessions", f"/api/sessions/{session}"):
        assert client.get(path, headers={"origin": "https://evil.example"}).status_code == 403


def test_a_conversation_is_named_found_and_its_name_is_sealed(client, mine):
    session, _ = mine
    assert client.get("/api/sessions").json()["sessions"][0]["title"] == "zanzibarquince"
    named = client.patch(f"/api/sessions/{session}", {"title": "The quince"}, content_type="application/json")
    assert named.json() == {"title": "The quince"}
    assert client.get("/api/sessions?character=marlow").json()["sessions"][0]["title"] == "The quince"
    assert client.get("/api/sessions?character=another").json()["sessions"] == []
    (found,) = client.get("/api/sessions?q=BARQUIN").json()["sessions"]
    assert found["found"] == "zanzibarquince"
    assert client.get("/api/sessions?q=parrot").json()["sessions"] == []
    row = VoiceSession.objects.get()
    assert b"quince" not in bytes(row.metadata)


def test_one_that_is_over_can_be_named_too_and_a_stranger_can_do_neither(client, mine):
    session, _ = mine
    SyncSessionManager().end(session, reason="visitor")
    body = json.dumps({"title": "Done"})
    assert client.patch(f"/api/sessions/{session}", body, content_type="application/json").status_code == 200
    client.cookies.clear()
    assert client.patch(f"/api/sessions/{session}", body, content_type="application/json").status_code == 403


@pytest.mark.parametrize("title", [7, None, "x" * 121])
def test_a_name_that_is_none_is_refused(client, mine, title):
    session, _ = mine
    body = json.dumps({"title": title})
    assert client.patch(f"/api/sessions/{session}", body, content_type="application/json").status_code == 400


@pytest.mark.parametrize("raw", ["{", '{"title": 7}', "x" * 70_000])
def test_what_a_stranger_sends_is_not_read(client, mine, raw):
    session, _ = mine
    answer = type(client)().patch(f"/api/sessions/{session}", raw, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=0", "`limit` is a whole number above 0."),
        ("limit=%2B5", "`limit` is a whole number above 0."),
        ("limit=000005", "`limit` is a whole number above 0."),
        ("character=a+b", "`character` is the address of a character, such as captain-marlow."),
    ],
)
def test_a_query_that_is_none_is_refused_and_says_what_would_be_one(client, mine, query, message):
    answer = client.get(f"/api/sessions?{query}")
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)


@pytest.mark.parametrize("by_secret", [False, True])
def test_a_visitor_ends_what_no_socket_can_end(client, mine, by_secret):
    session, answer = mine
    whose = type(client)() if by_secret else client
    secret = answer["Greenroom-Session-Secret"]
    headers = {"authorization": f"Bearer {secret}"} if by_secret else {}

    def end(client, **headers):
        body = json.dumps({"state": "ended"})
        return client.patch(
            f"/api/sessions/{session}", body, content_type="application/json", headers=headers
        )

    assert end(type(client)()).status_code == 403
    assert VoiceSession.objects.get().state == "created"
    assert end(whose, **headers).json() == {"ended": True}
    assert VoiceSession.objects.get().state == "ended"
    assert end(client).json() == {"ended": False}, "it was over already"

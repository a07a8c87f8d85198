"""POST /api/start: a way in, or a clear answer."""

import json

import pytest
from django.urls import reverse
from django.utils import timezone

from sessions_app.manager import SyncSessionManager
from sessions_app.models import SessionTurn, VoiceSession
from sessions_app.session.turn import Turn
from tests.characters.factory import make_character
from voicebot.http.start import HANDED_OVER

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _marlow():
    make_character()


def start(client, body="marlow", **headers):
    if isinstance(body, str):
        body = {"transport": "websocket", "body": {"character": body}}
    return client.post("/api/start", json.dumps(body), content_type="application/json", headers=headers)


def test_the_answer_is_exactly_what_pipecats_clients_take(client):
    answer = start(client)
    assert answer.status_code == 200
    assert set(answer.json()) == {"wsUrl", "token"}
    session = VoiceSession.objects.get()
    assert answer.json()["wsUrl"] == f"ws://testserver{reverse('socket', args=[session.id])}"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Type"] == "application/json"


def test_over_https_the_socket_is_secure(client):
    answer = client.post(
        "/api/start", {"body": {"character": "marlow"}}, content_type="application/json", secure=True
    )
    assert answer.json()["wsUrl"].startswith("wss://")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("nobody", 404, "no_such_character"),
        ({"body": {}}, 400, "bad_request"),
        ({"body": {"character": 7}}, 400, "bad_request"),
        ({"body": []}, 400, "bad_request"),
        ({"transport": "daily", "body": {"character": "marlow"}}, 400, "bad_request"),
        ({"body": {"character": "marlow", "metadata": ["x"]}}, 400, "bad_request"),
        ({"body": {"character": "marlow", "metadata": {"x": "y" * 20_000}}}, 413, "too_large"),
        ({"body": {"session": "nonsense"}}, 404, "no_such_session"),
        ({"body": {"session": "00000000-0000-4000-8000-000000000000"}}, 404, "no_such_session"),
    ],
)
def test_mistakes_are_answered_as_json(client, body, status, code):
    answer = start(client, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert len(answer.json()["error"]["message"]) > 10


def test_a_mistake_is_named_by_its_place(client):
    message = start(client, {"body": {"character": 7}}).json()["error"]["message"]
    assert message == "`body.character` is the address of a character, such as captain-marlow."


@pytest.mark.parametrize("raw", ["{", "[]", "nul\x00", "[" * 20_000])
def test_what_is_no_json_object_is_refused(client, raw):
    answer = client.post("/api/start", raw, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


def test_a_foreign_page_is_refused_and_a_listed_one_gets_cors(client, settings):
    settings.ALLOWED_ORIGINS = ["https://partner.example"]
    assert start(client, origin="https://evil.example").json()["error"]["code"] == "origin_refused"
    answer = start(client, origin="https://partner.example")
    assert answer["Access-Control-Allow-Origin"] == "https://partner.example"
    asked = client.options("/api/start", headers={"origin": "https://partner.example"})
    assert (asked.status_code, asked["Access-Control-Allow-Methods"]) == (204, "POST, DELETE")


def test_get_is_no_way_in(client):
    assert client.get("/api/start").status_code == 405


def test_a_visitor_comes_back_to_a_session_of_their_own_and_nobody_elses(client, django_user_model):
    session = str(VoiceSession.objects.get(pk=_id(start(client))).id)
    back = {"body": {"session": session}}
    assert start(client, back).status_code == 200
    stranger = type(client)()
    assert start(stranger, back).status_code == 403
    stranger.force_login(django_user_model.objects.create_user("robin"))
    assert start(stranger, back).status_code == 403


def _id(answer) -> str:
    return answer.json()["wsUrl"].rstrip("/").rsplit("/", 1)[1]


def test_the_visitors_cookie_is_signed_and_out_of_reach_of_scripts(client):
    cookie = start(client).cookies["greenroom_visitor"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    session = VoiceSession.objects.get()
    client.cookies["greenroom_visitor"] = cookie.value + "x"
    assert start(client, {"body": {"session": str(session.id)}}).status_code == 403


def test_where_anonymous_visitors_are_not_allowed_one_signs_in(client, settings, django_user_model):
    settings.ALLOW_ANONYMOUS = False
    assert start(client).status_code == 401
    client.force_login(django_user_model.objects.create_user("robin"))
    assert start(client).status_code == 200
    assert VoiceSession.objects.get().visitor.startswith("user:")


def test_a_full_server_says_so_and_when_to_come_back(client, settings):
    settings.MAX_SESSIONS_PER_WORKER = 0
    answer = start(client)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "full")
    assert int(answer["Retry-After"]) > 0


def ended_session(client) -> str:
    start(client)
    session = str(VoiceSession.objects.get().pk)
    said = [
        Turn(1, "user", "zanzibarquince", False, timezone.now()),
        Turn(2, "assistant", "The sea", True, timezone.now()),
    ]
    SyncSessionManager().append(session, said)
    SyncSessionManager().end(session, "visitor")
    return session


def after(client, session: str, **headers):
    body = {"body": {"character": "marlow", "follows": session}}
    return start(client, body, **headers)


def test_a_conversation_that_is_over_is_begun_again_from_its_end(client):
    earlier = ended_session(client)
    answer = after(client, earlier)
    assert set(answer.json()) == {"wsUrl", "token"}
    new = VoiceSession.objects.exclude(pk=earlier).get()
    assert (new.state, new.turns) == ("created", 2)
    assert [turn.shown for turn in SyncSessionManager().turns(new.pk)] == ["zanzibarquince", "The sea —"]
    assert str(new.pk) in answer.json()["wsUrl"]


def test_nobody_begins_from_somebody_elses_and_leaves_a_session_behind(client):
    earlier = ended_session(client)
    stranger = type(client)()
    assert after(stranger, earlier).status_code == 403
    start(stranger)
    assert after(stranger, earlier).status_code == 403, "with a cookie of their own neither"
    for nobodys in ("nonsense", "00000000-0000-4000-8000-000000000000"):
        assert after(client, nobodys).status_code == 404
    assert VoiceSession.objects.count() == 2


def test_whoever_has_no_cookie_begins_from_it_by_its_secret(client):
    start(client)
    (session,) = VoiceSession.objects.all()
    secret = start(type(client)())[HANDED_OVER]
    (theirs,) = VoiceSession.objects.exclude(pk=session.pk)
    nobody = type(client)()
    assert after(nobody, str(theirs.pk), Authorization=f"Bearer {secret}").status_code == 200
    assert after(nobody, str(session.pk), Authorization=f"Bearer {secret}").status_code == 403


def test_what_cannot_be_read_any_more_is_not_begun_from(client):
    earlier = ended_session(client)
    SessionTurn.objects.update(sealed=b"noise")
    assert after(client, earlier).status_code >= 400
    assert VoiceSession.objects.count() == 1

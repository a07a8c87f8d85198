"""The token in the socket's address opens the socket and nothing else (findings M4, M6)."""

import json
from uuid import uuid4

import pytest

from sessions_app.exceptions import TokenInvalid
from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession
from sessions_app.network.addresses import address_of
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "Greenroom-Session-Secret"


@pytest.fixture
def begun(client):
    """The answer that began a session, and the session's id."""
    make_character()
    answer = start(client, {"character": "marlow"})
    return answer, str(VoiceSession.objects.get().pk)


def start(client, body: dict, bearer: str = ""):
    headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
    return client.post(
        "/api/start", json.dumps({"body": body}), content_type="application/json", headers=headers
    )


@pytest.mark.parametrize("used", [False, True], ids=["never used", "in use"])
def test_who_finds_the_token_in_a_log_reads_erases_and_resumes_nothing(client, begun, used):
    answer, session = begun
    token = answer.json()["token"]
    if used:
        SyncSessionManager().open(session, token, uuid4(), "192.0.2.1")
    thief = type(client)()
    for method in ("get", "patch", "delete"):
        found = thief.generic(
            method.upper(),
            f"/api/sessions/{session}",
            json.dumps({"title": "mine"}),
            "application/json",
            headers={"authorization": f"Bearer {token}"},
        )
        assert found.status_code == 403, method
    assert start(thief, {"session": session}, token).status_code == 403
    assert thief.get("/api/sessions", headers={"authorization": f"Bearer {token}"}).status_code == 401


def test_a_used_token_opens_again_only_from_where_it_was_used(begun):
    answer, session = begun
    manager, token = SyncSessionManager(), answer.json()["token"]
    mine = address_of({}, "2001:db8::1")
    manager.open(session, token, uuid4(), mine)
    for thief in ("192.0.2.7", "2001:db8:0:1::1", ""):
        with pytest.raises(TokenInvalid):
            manager.open(session, token, uuid4(), address_of({}, thief))
    assert manager.open(session, token, uuid4(), address_of({}, "2001:db8::ffff")).same_client
    assert "2001:" not in str(VoiceSession.objects.values().get()), "the address itself is not kept"


def test_the_secret_comes_back_reads_and_erases_without_a_cookie(client, begun):
    answer, session = begun
    secret = answer[SECRET]
    assert SECRET in answer["Access-Control-Expose-Headers"]
    assert secret not in answer.json()["wsUrl"] + answer.json()["token"]
    assert secret not in str(VoiceSession.objects.values().get()), "only its hash is kept"
    program = type(client)()
    again = start(program, {"session": session}, secret)
    assert again.status_code == 200
    assert SECRET not in again, "it is given once"
    headers = {"authorization": f"Bearer {secret}"}
    assert program.get(f"/api/sessions/{session}", headers=headers).status_code == 200
    assert program.delete(f"/api/sessions/{session}", headers=headers).json()["erased"]["sessions"] == 1


def test_a_secret_opens_no_socket_and_no_other_session(client, begun):
    answer, session = begun
    with pytest.raises(TokenInvalid):
        SyncSessionManager().open(session, answer[SECRET], uuid4())
    start(client, {"character": "marlow"})
    other = str(VoiceSession.objects.exclude(pk=session).get().pk)
    program = type(client)()
    headers = {"authorization": f"Bearer {answer[SECRET]}"}
    assert program.get(f"/api/sessions/{other}", headers=headers).status_code == 403


def test_a_session_of_an_earlier_version_has_no_secret_that_could_be_guessed(client, begun):
    _, session = begun
    VoiceSession.objects.update(secret_hash="")
    for guess in ("", "x", "0" * 64):
        headers = {"authorization": f"Bearer {guess}"}
        assert type(client)().get(f"/api/sessions/{session}", headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(address, network):
    assert address_of({}, address) == network


def test_starts_from_one_network_are_counted_together(client, settings):
    make_character()
    settings.STARTS_PER_ADDRESS = 5
    found = []
    for number in range(10):
        client.cookies.clear()
        answer = client.post(
            "/api/start",
            json.dumps({"body": {"character": "marlow"}}),
            content_type="application/json",
            REMOTE_ADDR=f"2001:db8:7:7::{number:x}",
        )
        found.append(answer.status_code)
    assert found == [200] * 5 + [429] * 5

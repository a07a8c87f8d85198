"""API keys at the JSON API: a scope opens its operations and no others; a page gets no further."""

import json
from uuid import uuid4

import pytest
from django.test import Client

from sessions_app.database import database_clock
from sessions_app.identity import Scope, api_keys
from sessions_app.manager import SyncSessionManager
from sessions_app.memories import Bounds, Finding, SyncMemories
from sessions_app.models import ApiKey, OutboxEvent, VoiceSession
from sessions_app.outbox import note_test
from sessions_app.session import Turn
from tests.characters.factory import make_character
from tests.sessions_app.outbox.conftest import endpoint
from voicebot.http.api import description

pytestmark = pytest.mark.django_db(transaction=True)
CANARY = "zanzibarquince"
ME = "anon:me"


@pytest.fixture
def session():
    make_character()
    manager = SyncSessionManager()
    made = manager.create(character="marlow", visitor=ME)
    manager.append(made.id, [Turn(1, "user", CANARY, False, database_clock())])
    SyncMemories().set_consent(ME, "marlow", True)
    SyncMemories().add(ME, "marlow", [Finding("has a dog", "life")], Bounds())
    return made


def with_key(*scopes: Scope, origins=()) -> Client:
    _, text = api_keys.issue("partner", list(origins), scopes)
    return Client(headers={"authorization": f"Bearer {text}"})


def asked(client: Client, session) -> dict[str, int]:
    """What a client is answered at each operation; nothing is really changed."""
    of_me = f"?visitor={ME}"
    body = json.dumps({"title": "x"})
    return {
        "sessions:read": client.get(f"/api/sessions{of_me}").status_code,
        "sessions:read one": client.get(f"/api/sessions/{session.id}").status_code,
        "sessions:write": client.patch(f"/api/sessions/{session.id}", body, "application/json").status_code,
        "sessions:write of nobody": client.delete("/api/sessions?visitor=anon:nobody").status_code,
        "memories": client.get(f"/api/memories{of_me}").status_code,
        "events": client.get("/api/events").status_code,
        "events again": client.post(f"/api/events/{uuid4()}/again").status_code,
    }


@pytest.mark.parametrize("scope", Scope)
def test_a_scope_opens_its_operations_and_no_others(session, scope):
    for operation, status in asked(with_key(scope), session).items():
        assert status == (200 if operation.startswith(scope.value) else 403), operation


def test_keys_that_were_there_keep_what_they_could_and_get_no_more(session):
    key, text = api_keys.issue("old", [])
    ApiKey.objects.filter(pk=key.pk).update(scopes=ApiKey._meta.get_field("scopes").default())
    client = Client(headers={"authorization": f"Bearer {text}"})
    begun = client.post("/api/start", {"body": {"character": "marlow"}}, "application/json")
    assert begun.status_code == 200
    assert set(asked(client, session).values()) == {403}


def test_one_without_the_scope_begins_nothing(session):
    client = with_key(Scope.READ)
    begun = client.post("/api/start", {"body": {"character": "marlow"}}, "application/json")
    assert (begun.status_code, begun.json()["error"]["code"]) == (403, "scope_missing")


def test_a_page_gets_no_further_than_beginning(session):
    client = with_key(*Scope, origins=["https://partner.example"])
    origin = {"origin": "https://partner.example"}
    assert client.get(f"/api/sessions/{session.id}", headers=origin).status_code == 403
    assert client.get(f"/api/sessions?visitor={ME}", headers=origin).status_code == 403


def test_a_key_says_whom_it_asks_about(session):
    client = with_key(Scope.READ, Scope.WRITE)
    assert client.get("/api/sessions").status_code == 400
    listed = client.get(f"/api/sessions?visitor={ME}").json()["sessions"]
    assert [one["id"] for one in listed] == [str(session.id)]
    assert client.get("/api/sessions?visitor=anon:other").json()["sessions"] == []
    assert CANARY in b"".join(client.get(f"/api/sessions/{session.id}")).decode()


def test_a_revoked_key_opens_nothing_any_more(session):
    client = with_key(Scope.READ)
    api_keys.revoke(ApiKey.objects.get())
    assert client.get(f"/api/sessions/{session.id}").status_code == 401


def test_what_a_key_does_is_on_the_record(session, caplog):
    with caplog.at_level("INFO", "audit"):
        with_key(Scope.WRITE).delete(f"/api/sessions/{session.id}")
    assert not VoiceSession.objects.exists()
    assert f"key_used key={ApiKey.objects.get().pk} scope=sessions:write" in caplog.text
    assert CANARY not in caplog.text


def test_events_are_compared_and_asked_for_again(session):
    made = endpoint()
    for _ in range(3):
        note_test(made, database_clock())
    OutboxEvent.objects.update(state="failed", outcome="500", tries=9)
    client = with_key(Scope.EVENTS)
    page = client.get("/api/events?state=failed&limit=2").json()
    assert [one["outcome"] for one in page["events"]] == ["500", "500"]
    rest = client.get(f"/api/events?state=failed&after={page['next']}").json()
    assert (len(rest["events"]), rest["next"]) == (1, None)
    assert client.post(f"/api/events/{rest['events'][0]['id']}/again").json() == {"again": 1}
    assert OutboxEvent.objects.filter(state="waiting").count() == 1
    assert client.get("/api/events?state=lost").status_code == 400


def test_the_api_describes_itself_with_the_scopes_of_each_operation(session, client):
    told = client.get("/api/").json()
    assert told == json.loads(json.dumps(description()))
    operations = [operation for path in told["paths"].values() for operation in path.values()]
    needs = {
        one["operationId"]: [scope for way in one.get("security", []) for scope in way.get("apiKey", [])]
        for one in operations
    }
    assert needs["listSessions"] == ["sessions:read"]
    assert needs["eraseSession"] == ["sessions:write"]
    assert needs["correctMemory"] == ["memories"]
    assert needs["start"] == ["sessions:start"]
    assert {"apiKey", "visitor", "sessionSecret"} == set(told["components"]["securitySchemes"])

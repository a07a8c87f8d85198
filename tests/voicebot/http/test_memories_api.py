"""What characters remember of a visitor, over HTTP: theirs alone, receipted, limited."""

import json
import uuid

import pytest
from django.test import Client

from sessions_app.memories import Bounds, Finding, SyncMemories
from sessions_app.models import VoiceSession
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db(transaction=True)
KNOWN = [Finding("is called Robin", "name", "name"), Finding("has a dog called Pip", "life", "pet:dog")]


def begin(client: Client) -> str:
    body = json.dumps({"body": {"character": "marlow"}})
    assert client.post("/api/start", body, content_type="application/json").status_code == 200
    return VoiceSession.objects.order_by("-created_at").first().visitor


@pytest.fixture
def mine(client):
    make_character(remembers=True)
    visitor = begin(client)
    memories = SyncMemories()
    memories.set_consent(visitor, "marlow", True)
    memories.add(visitor, "marlow", KNOWN, Bounds())
    return visitor


def listed(client):
    return client.get("/api/memories", {"character": "marlow"}).json()["known"]


def put(client, **body):
    return client.put("/api/memories/consent", json.dumps(body), "application/json")


def test_a_visitor_reads_corrects_and_erases_their_own(client, mine):
    (known,) = listed(client)
    assert (known["character"], known["consent"]) == ("marlow", "yes")
    assert {memory["text"] for memory in known["memories"]} == {finding.text for finding in KNOWN}
    dog = next(memory for memory in known["memories"] if memory["kind"] == "life")
    where = f"/api/memories/{dog['id']}"
    corrected = client.patch(where, json.dumps({"text": "has a cat"}), "application/json").json()
    assert (corrected["id"], corrected["text"]) == (dog["id"], "has a cat")
    assert client.delete(where).json()["erased"]["memories"] == 1
    assert client.delete(where).status_code == 404
    assert [memory["text"] for memory in listed(client)[0]["memories"]] == ["is called Robin"]
    receipt = client.delete("/api/memories?character=marlow").json()
    assert receipt["erased"] == {"sessions": 0, "turns": 0, "summaries": 0, "memories": 1, "keys": 1}
    assert listed(client) == []


def test_the_answer_to_the_question_is_the_visitors(client):
    make_character()
    begin(client)
    assert listed(client) == []
    assert put(client, character="marlow", agreed=True).json()["consent"] == "yes"
    assert put(client, character="marlow", agreed=False).json()["consent"] == "no"
    assert put(client, character="nobody", agreed=True).status_code == 404
    assert (
        put(client, character="marlow", agreed="yes").json()["error"]["message"]
        == "`agreed` is true or false."
    )


def test_nobody_else_gets_at_them(client, mine):
    memory = listed(client)[0]["memories"][0]["id"]
    stranger, other = Client(), Client()
    begin(other)
    for method, path in (
        ("get", "/api/memories"),
        ("delete", "/api/memories"),
        ("patch", f"/api/memories/{memory}"),
        ("delete", f"/api/memories/{memory}"),
        ("put", "/api/memories/consent"),
    ):
        body = json.dumps({"text": "x", "character": "marlow", "agreed": False})
        assert stranger.generic(method.upper(), path, body, "application/json").status_code == 401
    assert listed(other) == []
    assert other.delete(f"/api/memories/{memory}").status_code == 404
    assert (
        other.patch(f"/api/memories/{memory}", json.dumps({"text": "x"}), "application/json").status_code
        == 404
    )
    assert other.delete("/api/memories").json()["erased"]["memories"] == 0
    assert len(listed(client)[0]["memories"]) == 2


def test_a_page_elsewhere_cannot_use_the_cookie(client, mine):
    answer = client.get("/api/memories", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert client.put("/api/memories/consent", headers={"Origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize("text", ["", "   ", "x" * 201, None, 7])
def test_what_is_no_sentence_is_refused(client, mine, text):
    memory = listed(client)[0]["memories"][0]["id"]
    answer = client.patch(f"/api/memories/{memory}", json.dumps({"text": text}), "application/json")
    assert answer.status_code == 400
    assert "text" in answer.json()["error"]["message"]


def test_the_limit_of_reads_holds_here_too(client, mine, settings):
    settings.READS_PER_MINUTE = 3
    codes = {client.get(f"/api/memories?character={uuid.uuid4().hex[:8]}").status_code for _ in range(5)}
    assert codes == {200, 429}


def test_erasing_everything_erases_these_too(client, mine):
    assert client.delete("/api/sessions").json()["erased"]["memories"] == 2
    assert listed(client) == []

"""Limits cover reads and what is kept, and fit each other (findings H3, H6)."""

import asyncio
import json
from uuid import uuid4

import pytest
from django.conf import settings as configured
from django.utils import timezone

from sessions_app.conversations.json_export import TURNS_OF_A_PIECE, export
from sessions_app.exceptions import SessionEnded
from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession
from sessions_app.session.turn import Turn
from tests.characters.factory import make_character
from tests.visitors import Visitor, rtvi_message

pytestmark = pytest.mark.django_db(transaction=True)


def turns(count: int) -> list[Turn]:
    return [
        Turn(number, "user" if number % 2 else "assistant", f"turn {number}", False, timezone.now())
        for number in range(1, count + 1)
    ]


@pytest.fixture
def session(client):
    make_character()
    body = json.dumps({"body": {"character": "marlow"}})
    assert client.post("/api/start", body, content_type="application/json").status_code == 200
    return VoiceSession.objects.get().pk


def test_one_address_never_has_every_seat():
    assert configured.CONNECTIONS_PER_ADDRESS < configured.MAX_SESSIONS_PER_WORKER or (
        configured.MAX_SESSIONS_PER_WORKER == 1
    )


@pytest.mark.parametrize("path", ["/api/sessions", "/api/sessions/{id}"])
def test_reads_are_counted(client, session, settings, path):
    settings.READS_PER_MINUTE = 5
    found = [client.get(path.format(id=session)) for _ in range(8)]
    assert [answer.status_code for answer in found] == [200] * 5 + [429] * 3
    assert found[-1].json()["error"]["code"] == "too_many_reads"
    assert found[-1]["Retry-After"]


def test_reads_of_nobody_are_counted_by_address(client, session, settings):
    settings.READS_PER_MINUTE = 5
    strangers = [type(client)() for _ in range(8)]
    found = [stranger.get(f"/api/sessions/{session}").status_code for stranger in strangers]
    assert found == [403] * 5 + [429] * 3


def test_a_session_has_a_most_number_of_turns(session, settings):
    settings.SESSION_MAX_TURNS = 10
    manager, connection = SyncSessionManager(), uuid4()
    manager.append(session, turns(9))
    manager.touch(session)
    manager.append(session, turns(11)[9:])
    with pytest.raises(SessionEnded):
        manager.touch(session, connection)
    row = VoiceSession.objects.get()
    assert (row.state, row.end_reason) == ("ended", "turns")


def test_an_export_is_never_in_memory_as_a_whole(client, session):
    count = 3 * TURNS_OF_A_PIECE + 7
    SyncSessionManager().append(session, turns(count))
    pieces = list(export(SyncSessionManager(), session))
    assert len(pieces) == 6
    assert max(piece.count('"text"') for piece in pieces) == TURNS_OF_A_PIECE
    answer = client.get(f"/api/sessions/{session}")
    assert answer.streaming
    exported = json.loads(b"".join(answer))
    assert [turn["text"] for turn in exported["turns"]] == [
        f"turn {number}" for number in range(1, count + 1)
    ]


def test_a_transcript_comes_in_pages(client, session, admin_client):
    SyncSessionManager().append(session, turns(450))
    path, seen = f"/admin/sessions_app/voicesession/{session}/transcript/", []
    for after in (0, 200, 400):
        page = admin_client.get(f"{path}?after={after}").content.decode()
        seen += [number for number in range(1, 451) if f"<td>turn {number}<" in page]
        assert (f"?after={after + 200}" in page) is (after < 400)
    assert seen == list(range(1, 451))
    for nonsense in ("x", "-1", "9" * 50, "²"):
        assert admin_client.get(f"{path}?after={nonsense}").status_code == 200


def test_a_full_process_stays_with_its_balancer(client, session, monkeypatch):
    """Else pages, the desk and visitors who come back would go with the last seat."""
    from voicebot import runtime

    monkeypatch.setattr(runtime.default(), "models_loaded", True)
    monkeypatch.setattr(configured, "MAX_SESSIONS_PER_WORKER", 0)
    ready = client.get("/readyz")
    assert (ready.status_code, "every seat is taken" in ready.content.decode()) == (200, True)
    assert client.get("/readyz?seats").status_code == 503


def test_the_last_seats_are_for_who_comes_back(client, session, settings, monkeypatch):
    from voicebot import runtime

    settings.MAX_SESSIONS_PER_WORKER = 64
    monkeypatch.setattr(runtime.default().capacity, "taken", 60)
    began = client.post("/api/start", json.dumps({"body": {"character": "marlow"}}), "application/json")
    assert (began.status_code, began.json()["error"]["code"]) == (503, "full")
    back = client.post("/api/start", json.dumps({"body": {"session": str(session)}}), "application/json")
    assert back.status_code == 200


async def test_typed_messages_and_histories_have_a_weight(server):
    """What one connection can have written, or sent back, does not grow with how fast it asks."""
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        for number in range(150):
            await visitor.socket.send(
                rtvi_message("send-text", {"content": f"n {number}", "options": {"run_immediately": False}})
            )
        for number in range(20):
            asked = {"t": "session.history", "d": {"limit": 500}}
            await visitor.socket.send(rtvi_message("client-message", asked, f"history-{number}"))
        await visitor.until(
            lambda: len(visitor.of("error-response")) + len(visitor.of("server-response")) >= 60, 20
        )
        answered = len(visitor.of("server-response"))
        refused = len(visitor.of("error-response"))
        assert 1 <= answered <= 6
        assert refused >= 54
        assert visitor.closed is None, "who types too fast is told so, not thrown out"

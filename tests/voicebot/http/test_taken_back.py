"""Whoever does not wait for the answer of `start` leaves no session behind."""

import asyncio
import json

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application

from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession
from tests.characters.factory import make_character
from tests.patience import PATIENCE_SECS
from tests.voicebot.http.test_start import start

pytestmark = pytest.mark.django_db(transaction=True)
LIVE = VoiceSession.LIVE


@pytest.fixture(autouse=True)
def _marlow():
    make_character()


def take_back(client, attempt):
    return client.delete("/api/start", json.dumps({"attempt": attempt}), content_type="application/json")


def test_an_attempt_whose_answer_nobody_read_is_taken_back(client):
    body = {"body": {"character": "marlow"}}
    assert start(client, {**body, "attempt": "another page's"}).status_code == 200
    assert start(client, {**body, "attempt": "mine"}).status_code == 200
    assert type(client)().delete("/api/start").json() == {"ended": False}, "it has to be named"
    assert take_back(type(client)(), "mine").json() == {"ended": True}, "a page in a page has no cookie"
    assert take_back(client, "mine").json() == {"ended": False}
    assert VoiceSession.objects.filter(state__in=LIVE).count() == 1
    assert VoiceSession.objects.get(state="ended").end_reason == "left"


def test_coming_back_is_no_attempt_that_ends_what_was_said(client):
    start(client, {"body": {"character": "marlow"}})
    session = VoiceSession.objects.get()
    assert start(client, {"body": {"session": str(session.pk)}, "attempt": "back"}).status_code == 200
    assert take_back(client, "back").json() == {"ended": False}
    assert VoiceSession.objects.get().state in LIVE


@pytest.mark.parametrize("attempt", ["", "x" * 81, 7, ["x"], {}])
def test_what_is_no_attempt(client, attempt):
    assert take_back(client, attempt).status_code == 400
    assert start(client, {"body": {"character": "marlow"}, "attempt": attempt}).status_code == 400
    assert not VoiceSession.objects.exists()


@pytest.mark.parametrize("resumes", [False, True])
async def test_a_client_that_hangs_up_while_the_session_is_made(monkeypatch, async_client, resumes):
    """Through the whole application, as uvicorn calls it; only a session that it was making goes with it."""
    known = None
    body = {"body": {"character": "marlow"}}
    if resumes:
        answer = await async_client.post("/api/start", json.dumps(body), content_type="application/json")
        known = await VoiceSession.objects.aget()
        body = {"body": {"session": str(known.pk)}}
    reached, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    name = "resume" if resumes else "create"
    make = getattr(SyncSessionManager, name)

    def slowly(*args, **kwargs):
        loop.call_soon_threadsafe(reached.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(10)
        made = make(*args, **kwargs)
        loop.call_soon_threadsafe(done.set)
        return made

    done = asyncio.Event()
    monkeypatch.setattr(SyncSessionManager, name, slowly)
    raw = json.dumps(body).encode()
    headers = [(b"host", b"testserver"), (b"content-type", b"application/json")]
    headers.append((b"content-length", str(len(raw)).encode()))
    if known:
        headers.append((b"authorization", f"Bearer {answer['Greenroom-Session-Secret']}".encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/api/start",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }
    visitor = ApplicationCommunicator(get_asgi_application(), scope)
    await visitor.send_input({"type": "http.request", "body": raw})
    async with asyncio.timeout(PATIENCE_SECS):
        await reached.wait()
        await visitor.send_input({"type": "http.disconnect"})
        await asyncio.sleep(0.05)
        go_on.set()
        await done.wait()
        while not resumes and await VoiceSession.objects.filter(state__in=LIVE).aexists():
            await asyncio.sleep(0.05)
    if resumes:
        assert (await VoiceSession.objects.aget()).state in LIVE

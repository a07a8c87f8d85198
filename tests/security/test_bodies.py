"""Bodies are refused by size before they are read, and do not last for ever (findings H4, H5)."""

import asyncio
import io
import json
import tempfile
from pathlib import Path

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.core.handlers.asgi import ASGIRequest
from django.test import Client

from greenroom.http import body_limit
from greenroom.http.body_limit import DESK, PUBLIC, BodyLimit, LoginSessions
from tests.patience import PATIENCE_SECS

HUGE = 314_572_800


def scope(path="/api/start", headers=()):
    return {"type": "http", "path": path, "headers": list(headers)}


class Line:
    """A client whose body comes in parts; what it was answered, and what the application read."""

    def __init__(self, parts, clock=None):
        self.parts, self.clock = list(parts), clock
        self.status, self.body, self.read = None, b"", 0

    async def receive(self):
        part = self.parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self.parts)}

    async def send(self, message):
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")

    async def app(self, scope, receive, send):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            self.read += len(message["body"])
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


async def test_a_body_that_says_how_large_it_is_is_not_read():
    line = Line([b"x"])
    length = [(b"content-length", str(HUGE).encode())]
    for path in ("/api/start", "/nothing/here", "/", "/i18n/setlang/"):
        await BodyLimit(line.app)(scope(path, length), line.receive, line.send)
        assert (line.status, line.read) == (413, 0)
    assert json.loads(line.body[: line.body.index(b"}}") + 2])["error"]["code"] == "too_large"


@pytest.mark.parametrize("lie", [(), [(b"content-length", b"10")], [(b"transfer-encoding", b"chunked")]])
async def test_a_body_that_does_not_is_read_up_to_the_limit(lie):
    line = Line([b"x" * 8192] * 100)
    await BodyLimit(line.app)(scope("/api/start", lie), line.receive, line.send)
    assert line.status == 413
    assert line.read <= PUBLIC


async def test_what_fits_is_taken():
    line = Line([b"x" * 1024] * 64)
    await BodyLimit(line.app)(scope(), line.receive, line.send)
    assert (line.status, line.read, line.body) == (200, PUBLIC, b"ok")


async def test_a_body_that_trickles_is_given_up():
    """One byte every two seconds, as long as the server lets it."""
    now = [0.0]
    line = Line([b"x"] * 1000)

    async def trickle():
        now[0] += 2
        if now[0] > 100:
            raise AssertionError("still reading")
        return await Line.receive(line)

    await BodyLimit(line.app, clock=lambda: now[0])(scope(), trickle, line.send)
    assert line.status == 408
    assert now[0] <= body_limit.PATIENCE_SECS + 4


async def test_a_body_that_never_comes_is_given_up(monkeypatch):
    monkeypatch.setattr(body_limit, "PATIENCE_SECS", 0.05)
    line = Line([])

    async def never():
        await asyncio.Event().wait()

    async with asyncio.timeout(PATIENCE_SECS):
        await BodyLimit(line.app)(scope(), never, line.send)
    assert line.status == 408


async def test_who_waits_for_a_slow_answer_is_not_given_up(monkeypatch):
    """The limit in time is the body's: afterwards an application listens for the end as long as it likes."""
    monkeypatch.setattr(body_limit, "PATIENCE_SECS", 0.05)
    gone = asyncio.Event()

    async def receive():
        if not asked:
            asked.append(1)
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def app(scope, receive, send):
        await receive()
        asyncio.get_running_loop().call_later(0.3, gone.set)
        assert (await receive())["type"] == "http.disconnect"
        await send({"type": "http.response.start", "status": 200, "headers": []})

    asked: list[int] = []
    line = Line([])
    await BodyLimit(app)(scope(), receive, line.send)
    assert line.status == 200


@pytest.mark.django_db(transaction=True)
async def test_only_who_is_signed_in_brings_much_to_the_desk():
    editor = await User.objects.acreate_user("ed", is_staff=True)
    client = Client()
    await asyncio.to_thread(client.force_login, editor)
    name, cookie = next(iter(client.cookies.items()))
    length = (b"content-length", str(DESK).encode())
    for cookies, status in (
        (b"", 413),
        (b"sessionid=nonsense", 413),
        (f"{name}={cookie.value}".encode(), 200),
    ):
        line = Line([b"x"])
        headers = [length, (b"cookie", cookies)]
        await BodyLimit(line.app)(scope("/admin/login/", headers), line.receive, line.send)
        assert line.status == status, cookies


@pytest.mark.django_db(transaction=True)
async def test_the_login_that_was_asked_for_it_is_not_asked_for_again(django_assert_num_queries):
    editor = await User.objects.acreate_user("ed", is_staff=True)
    client = Client()
    await asyncio.to_thread(client.force_login, editor)
    name, cookie = next(iter(client.cookies.items()))
    known = scope(
        "/admin/login/",
        [(b"content-length", str(DESK).encode()), (b"cookie", f"{name}={cookie.value}".encode())],
    ) | {"method": "POST", "query_string": b""}
    line = Line([b"x"])
    await BodyLimit(line.app)(known, line.receive, line.send)

    def read_again() -> None:
        request = ASGIRequest(known, io.BytesIO())
        LoginSessions(lambda _: None).process_request(request)
        with django_assert_num_queries(0):
            assert request.session[SESSION_KEY] == str(editor.pk)
        request.COOKIES[name] = "another"
        LoginSessions(lambda _: None).process_request(request)
        assert SESSION_KEY not in request.session

    await asyncio.to_thread(read_again)


async def test_nothing_of_it_reaches_the_disk(server):
    """A real server; the body is announced, and never sent: the answer comes all the same."""
    before = spooled()
    for path in ("/api/start", "/nothing/here", "/admin/login/"):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {HUGE}\r\n\r\n"
        writer.write(head.encode() + b"x" * 100_000)
        async with asyncio.timeout(PATIENCE_SECS):
            status = await reader.readline()
        assert b" 413 " in status, path
        writer.close()
    assert spooled() <= before


def spooled() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("*.upload*"))

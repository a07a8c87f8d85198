"""What no browser sends, at a real server: paths that climb, odd methods, smuggled and forged lines."""

import asyncio
import re
from pathlib import Path

import pytest

from sessions_app.network.addresses import address_of
from tests.servers import ROOT

SECRETS = ["secret_key", "session_keys", "server.pem", "db.sqlite3", "manage.py", "config/settings.py"]


async def spoken(port: int, raw: bytes, secs: float = 3) -> bytes:
    """All that comes back for these bytes until the line is closed, or nothing more comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    came = b""
    try:
        async with asyncio.timeout(secs):
            while piece := await reader.read(65_536):
                came += piece
    except TimeoutError:
        pass
    writer.close()
    return came


@pytest.mark.parametrize("folder", ["/static/", "/media/", "/media/portraits/", "/static/voicebot/", "/"])
@pytest.mark.parametrize(
    "climb", ["../", "..%2f", "%2e%2e/", "..\\", "..%5c", "....//", "%252e%252e/", "..%c0%af", "/"]
)
async def test_no_path_climbs_out_of_a_folder(server, folder, climb):
    for name in SECRETS[:3] + SECRETS[-2:]:
        for times in (1, 4):
            path = f"{folder}{climb * times}{name}".encode()
            came = await spoken(
                server.port, b"GET " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", 5
            )
            status = int(came.split(b" ", 2)[1])
            assert status in (301, 302, 400, 404), (path, status)
            assert b"DJANGO_SETTINGS_MODULE" not in came


@pytest.mark.parametrize("method", ["TRACE", "PUT", "PATCH", "HEAD", "CONNECT", "DELETE"])
async def test_no_other_method_begins_anything(server, method):
    head = f"{method} /api/start HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://evil.example\r\n"
    came = await spoken(server.port, f"{head}X-Canary: zanzibar\r\nConnection: close\r\n\r\n".encode())
    assert int(came.split(b" ", 2)[1]) in (400, 401, 403, 404, 405)
    assert b"zanzibar" not in came, "nothing is echoed"
    assert b"evil.example" not in came


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://127.0.0.1.evil.example", "file://"]
)
@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
async def test_no_foreign_page_begins_anything_whatever_it_calls_its_body(server, origin, kind):
    answer = await asyncio.to_thread(
        server.request, "/api/start", {"body": {"character": "ada-quill"}}, Origin=origin, Content_Type=kind
    )
    assert (answer.status, answer.json["error"]["code"]) == (403, "origin_refused")
    assert not answer.headers["Set-Cookie"]
    assert not answer.headers["Access-Control-Allow-Credentials"]


SMUGGLED = b"GET /healthz?smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
HEAD = b"POST /api/start HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        HEAD + b"Content-Length: 0\r\nContent-Length: 60\r\n\r\n" + SMUGGLED,
        HEAD + b"Content-Length: -1\r\n\r\n" + SMUGGLED,
        HEAD + b"Content-Length: 1e1\r\n\r\n" + SMUGGLED,
        HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + SMUGGLED,
        HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n" + SMUGGLED,
        b"\x16\x03\x01\x02\x00garbage\r\n\r\n" + SMUGGLED,
    ],
)
async def test_two_lengths_are_no_two_requests(server, raw):
    """Whatever is not clear is refused, and the line is closed: nothing behind it is answered."""
    came = await spoken(server.port, raw)
    first = int(came.split(b" ", 2)[1]) if came else 400
    assert first in (400, 408, 411, 413, 501)
    assert came.count(b"HTTP/1.1") <= 1


async def test_nobody_writes_lines_of_the_log(server):
    fake = "2026-01-01 00:00:00,000 INFO audit signed_in account=1"
    quoted = fake.replace(" ", "%20")
    for head in (
        f"GET /nope%0a{quoted} HTTP/1.1\r\nHost: 127.0.0.1",
        f"GET /nope%0d%0a{quoted}?x=%0a{quoted} HTTP/1.1\r\nHost: 127.0.0.1",
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1%0a{quoted}",
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-ID: a%0a{quoted}",
        f"GET /\x1b[2J{quoted} HTTP/1.1\r\nHost: 127.0.0.1",
    ):
        await spoken(server.port, f"{head}\r\nConnection: close\r\n\r\n".encode("latin1"), 5)
    words = await asyncio.to_thread(server.words)
    assert not [line for line in words.splitlines() if line.startswith(fake[:23])]
    assert "\x1b" not in words


@pytest.mark.parametrize("name", ["all", "base", "bench", "local", "s3", "local-weights"])
def test_what_is_installed_is_known_by_its_hash(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    pinned = [line for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    assert pinned
    assert all(re.match(r"[\w.\[\],-]+\s*==\s*[\w.!+]+.*--hash=sha256:[0-9a-f]{64}", line) for line in pinned)


def test_what_the_page_is_built_of_too():
    import json

    lock = json.loads(Path(ROOT, "voicebot", "client", "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if not entry["integrity"].startswith("sha512-")] == []


async def test_no_answer_names_the_server_that_gave_it(server):
    for path in ("/", "/healthz", "/nope", "/static/nope", "/api/start"):
        answer = await asyncio.to_thread(server.request, path)
        assert not {"Server", "X-Powered-By"} & set(answer.headers), path


@pytest.mark.parametrize(
    ("given", "peer", "address"),
    [
        ("6.6.6.6, 7.7.7.7", "127.0.0.1", "7.7.7.7"),  # the last is what our own proxy added
        ("6.6.6.6,", "127.0.0.1", "127.0.0.1"),
    ],
)
def test_of_a_list_of_addresses_the_proxys_own_entry_counts(settings, given, peer, address):
    settings.CLIENT_ADDRESS_HEADER = "X-Forwarded-For"
    assert address_of({"x-forwarded-for": given}, peer) == address
    assert address_of({"x_forwarded_for": "6.6.6.6"}, peer) == peer

"""uvicorn's protocols with our limits, under a small application: heads of every size and speed."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from tests.patience import PATIENCE_SECS
from voicebot.ops.serving import websocket_protocol
from voicebot.ops.serving.websocket_protocol import MAX_HEAD, ImpatientProtocol, WatchedProtocol

HANDSHAKE_SECS = 1.0  # in this file


async def application(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 4404})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
    await send({"type": "http.response.body", "body": b"ok\n"})


@pytest.fixture
def port(monkeypatch) -> Iterator[int]:
    monkeypatch.setattr(websocket_protocol, "HANDSHAKE_SECS", HANDSHAKE_SECS)
    config = uvicorn.Config(
        application, port=0, loop="uvloop", http=ImpatientProtocol, ws=WatchedProtocol, lifespan="off"
    )
    config.log_config = None
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # in a thread
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


PLAIN = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
UPGRADE = (
    b"GET /ws/session/x/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
ENDLESS_HEADS = {
    "one header": PLAIN + b"X-Long: " + b"x" * (2 * MAX_HEAD),
    "many headers": PLAIN + b"X-One: more\r\n" * (MAX_HEAD // 5),
    "an address": b"GET /" + b"x" * (2 * MAX_HEAD) + b" HTTP/1.1\r\n",
    "a name": PLAIN + b"x" * (2 * MAX_HEAD),
    "a second request": PLAIN + b"\r\n" + PLAIN + b"X-Long: " + b"x" * (2 * MAX_HEAD),
    "a header of a WebSocket": UPGRADE + b"X-Long: " + b"x" * 20_000 + b"\r\n\r\n",
    "headers of a WebSocket": UPGRADE + b"X-One: more\r\n" * 200 + b"\r\n",
}


@pytest.mark.parametrize("head", ENDLESS_HEADS.values(), ids=ENDLESS_HEADS)
@pytest.mark.parametrize("piece", [1000, 2**20], ids=["in pieces", "at once"])
async def test_a_head_that_does_not_end_is_refused(port, head, piece):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(ConnectionError):  # what comes after the refusal
        for start in range(0, len(head), piece):
            writer.write(head[start : start + piece])
            await writer.drain()
            await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_SECS):
        answer = await reader.read()
    assert b"HTTP/1.1 431 " in answer, answer[:300]
    writer.close()


async def test_the_head_of_a_second_request_is_waited_for_no_longer_than_that_of_the_first(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(PLAIN + b"\r\n")
    assert b"200 OK" in await reader.readuntil(b"ok\n")
    writer.write(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
    async with asyncio.timeout(HANDSHAKE_SECS + 5):
        assert await reader.read() == b""
    writer.close()


async def test_a_head_that_fits_is_taken(port):
    for head in (PLAIN, UPGRADE, PLAIN + b"X-Long: " + b"x" * (MAX_HEAD - 1000) + b"\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head + b"\r\n")
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.split()[1] in (b"200", b"101")
        writer.close()

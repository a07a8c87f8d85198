"""uvicorn's protocols for HTTP and WebSocket, with limits that they lack.

Of a head's size and time, and of how long a peer may be silent, whatever waits to be sent to it.
"""

import asyncio
import socket
from collections.abc import Mapping
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import SecurityError

from voicebot.ops import RUNTIME, OpenConnections

HANDSHAKE_SECS = 10.0  # for the whole head of a request
MAX_HEAD = 64 * 1024  # bytes of a request's line and headers
PING_SECS = 10.0  # with the time-out below: a dead peer is noticed within 25 s
PONG_SECS = 15.0
CLOSE_SECS = 10.0  # for a peer to take what was sent before the end, and to answer the close frame
LINGER_SECS = 2.0  # for a peer to stop sending what is refused
WRITE_BUFFER = 32 * 1024  # bytes that wait in this process: 0.7 s of the character's voice
# Bytes that wait in the kernel, beyond what is under way (tcp(7)). Without it there are megabytes, and before
# a ping stands a minute of what was said.
NOT_SENT = 16 * 1024


def notice_silence(transport: asyncio.BaseTransport) -> None:
    """Lets the system, too, give up a peer that acknowledges nothing, whether or not it is sent anything."""
    connection = transport.get_extra_info("socket")
    if connection is None or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    options = {
        "TCP_USER_TIMEOUT": int(1000 * (PING_SECS + PONG_SECS)),  # of what was sent and is not acknowledged
        "TCP_KEEPIDLE": int(PING_SECS),
        "TCP_KEEPINTVL": int(PONG_SECS / 3),
        "TCP_KEEPCNT": 3,
        "TCP_NOTSENT_LOWAT": NOT_SENT,
    }
    for name, value in options.items():
        if hasattr(socket, name):  # other systems have fewer
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _open_connections(state: Mapping[str, Any]) -> OpenConnections:
    """Those of the runtime that the lifespan has made; where none was, nobody is counted with anybody."""
    runtime = state.get(RUNTIME)
    return runtime.open_connections if runtime else OpenConnections()


class HeadTooLarge(Exception):
    """Raised within the parser, which then reports an invalid request."""


class ImpatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 that closes a connection whose request's head does not come in time, or does not end."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        notice_silence(transport)
        self._head_bytes = 0  # of the request that is being read, as far as they were parsed
        self._came = 0  # bytes of a head that has not ended
        self._in_head = True  # or before it
        self._refused = False
        self._patience: asyncio.TimerHandle | None = None
        self._peer = (transport.get_extra_info("peername") or ("",))[0] or ""
        self._open_connections = _open_connections(self.app_state)
        self._counted = self._open_connections.take(self._peer)
        if not self._counted:
            self._refused = True
            transport.close()
            return
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        in_head = self._in_head
        super().data_received(data)
        if self._refused or not self._in_head or self.transport.is_closing():
            return
        # A header that does not end is kept by the parser, which has no limit and tells nobody. Where the
        # head begins behind something else, what comes next is counted.
        self._came = self._came + len(data) if in_head else 0
        if self._came > MAX_HEAD:
            self._refuse_head()

    def on_message_begin(self) -> None:
        self._head_bytes = self._came = 0
        self._in_head = True
        self._wait_for_head()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._weigh(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._weigh(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        if self._head_bytes > MAX_HEAD:
            self._refuse_head()
        else:
            super().send_400_response(msg)

    def handle_websocket_upgrade(self) -> None:
        self._uncount()  # a WebSocket has limits of its own
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._uncount()
        super().connection_lost(exc)

    def _uncount(self) -> None:
        if self._counted:
            self._counted = False
            self._open_connections.leave(self._peer)

    def _weigh(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD:
            raise HeadTooLarge

    def _refuse_head(self) -> None:
        """431, and the end. What still comes is read and dropped for a while: if it were closed at once, the
        system would answer that with a reset, and the refusal be lost (RFC 9112, section 9.6)."""
        self._stop_waiting()
        self._refused = True
        words = f"The head of a request may have {MAX_HEAD} bytes.".encode()
        self.transport.write(
            b"".join(
                [
                    STATUS_LINE[431],
                    b"content-type: text/plain; charset=utf-8\r\n",
                    b"content-length: %d\r\nconnection: close\r\n\r\n" % len(words),
                    words,
                ]
            )
        )
        self.transport.write_eof()
        self._patience = self.loop.call_later(LINGER_SECS, self.transport.close)

    def _wait_for_head(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(HANDSHAKE_SECS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience:
            self._patience.cancel()
            self._patience = None


class WatchedProtocol(WebSocketsSansIOProtocol):
    """A WebSocket that is given up when nothing is heard of its peer, not when all that waits was sent to it.

    uvicorn's own closes such a connection in order, which means after its buffer: a peer that has vanished
    takes nothing, so that never comes.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._heard_at = self.loop.time()
        self.close_timeout = CLOSE_SECS

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=WRITE_BUFFER)

    def data_received(self, data: bytes) -> None:
        self._heard_at = self.loop.time()
        super().data_received(data)
        if not self.handshake_initiated and not self.close_sent:
            self._refuse_handshake()

    def _refuse_handshake(self) -> None:
        """A whole head that HTTP has taken and the WebSocket library has not, without a word to uvicorn."""
        too_large = isinstance(self.conn.handshake_exc, SecurityError)  # a line over 8 KB, or 128 headers
        self.close_sent = self.handshake_complete = True
        self.transport.write(
            STATUS_LINE[431 if too_large else 400] + b"content-length: 0\r\nconnection: close\r\n\r\n"
        )
        self.transport.close()

    def keepalive_timeout(self) -> None:
        """No pong: gone, but for who is heard all the same and may have much to read before the ping."""
        silent_secs = self.loop.time() - self._heard_at
        if silent_secs < PONG_SECS:
            self.pong_timer = self.loop.call_later(PONG_SECS - silent_secs, self.keepalive_timeout)
            return
        self.pong_timer = self.pending_ping_payload = None
        self.transport.abort()

    async def send(self, message: ASGISendEvent) -> None:
        if message["type"] == "websocket.close":
            self.writable.set()  # the last word does not wait for a peer that reads nothing
        await super().send(message)
        if self.close_timer:
            self.close_timer.cancel()
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

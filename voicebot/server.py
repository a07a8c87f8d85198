"""uvicorn, drained before it stops, and without patience for handshakes that never come."""

import asyncio
import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from voicebot.house import house

MAX_MESSAGE = 64 * 1024  # bytes of one WebSocket message: 0.7 s of 48 kHz mono
PING_SECS = 10.0  # with the time-out below: a dead peer is noticed within 25 s
PONG_SECS = 15.0
HANDSHAKE_SECS = 10.0  # for the whole head of a first request
MAX_HEAD = 64 * 1024


class ImpatientProtocol(HttpToolsProtocol):
    """Closes a connection whose first request does not come in time (slow handshakes)."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._patience = self.loop.call_later(HANDSHAKE_SECS, transport.close)

    def on_headers_complete(self) -> None:
        self._patience.cancel()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience.cancel()
        super().connection_lost(exc)


class DrainingServer(uvicorn.Server):
    """Keeps its port open while it drains, so that /readyz can say what is going on."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if not self.force_exit:
            await house.drain()
        await super().shutdown(sockets)


def make_server(host: str, port: int) -> DrainingServer:
    options: dict[str, Any] = {
        "loop": "uvloop",
        "http": ImpatientProtocol,
        "ws": "websockets-sansio",
        "ws_max_size": MAX_MESSAGE,
        "ws_ping_interval": PING_SECS,
        "ws_ping_timeout": PONG_SECS,
        "ws_per_message_deflate": False,  # audio does not compress, and trying costs more than sending
        "access_log": False,  # its lines carry tokens
        "log_config": None,
        "proxy_headers": False,  # see CLIENT_ADDRESS_HEADER
        "timeout_graceful_shutdown": 10,
    }
    return DrainingServer(uvicorn.Config("config.asgi:application", host=host, port=port, **options))

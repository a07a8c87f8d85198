"""The server: uvicorn that drains its connections before it stops, with time-outs for handshakes."""

import socket
from typing import Any, Protocol

import uvicorn

from voicebot.ops import RUNTIME
from voicebot.ops.connection_registry import ConnectionRegistry
from voicebot.ops.serving.websocket_protocol import PING_SECS, PONG_SECS, ImpatientProtocol, WatchedProtocol

MAX_MESSAGE = 64 * 1024  # bytes of one WebSocket message: 0.7 s of 48 kHz mono


class HasConnections(Protocol):
    """What the lifespan has made."""

    connections: ConnectionRegistry


class DrainingServer(uvicorn.Server):
    """Keeps its port open while it drains, so that /readyz can say what is going on."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        runtime: HasConnections | None = self.lifespan.state.get(RUNTIME)
        if runtime and not self.force_exit:
            await runtime.connections.drain()
        await super().shutdown(sockets)


def make_server(host: str, port: int, certificate: str = "", key: str = "") -> DrainingServer:
    """The server of a process; over HTTPS where a certificate and its key, two PEM files, are given."""
    options: dict[str, Any] = {
        "loop": "uvloop",
        "http": ImpatientProtocol,
        "ws": WatchedProtocol,
        "ws_max_size": MAX_MESSAGE,
        "ws_ping_interval": PING_SECS,
        "ws_ping_timeout": PONG_SECS,
        "ws_per_message_deflate": False,  # audio does not compress, and trying costs more than sending
        "access_log": False,  # its lines carry tokens
        "log_config": None,
        "server_header": False,
        "proxy_headers": False,  # see CLIENT_ADDRESS_HEADER
        "timeout_graceful_shutdown": 10,
        "ssl_certfile": certificate or None,
        "ssl_keyfile": key or None,
    }
    return DrainingServer(uvicorn.Config("config.asgi:application", host=host, port=port, **options))

"""Proxy headers, which only our own proxy may write: anybody else's are removed before they are read."""

from typing import Any

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable
from django.conf import settings

from sessions_app.network import is_proxy

SCHEME = b"x-forwarded-proto"
SECURE = {"http": "https", "ws": "wss"}


class TrustedProxies:
    """ASGI: takes the scheme from X-Forwarded-Proto where our proxy wrote it.

    The address of CLIENT_ADDRESS_HEADER and X-Request-ID stay for the same senders only.
    """

    def __init__(self, app: ASGI3Application):
        self.app = app

    async def __call__(self, scope: Any, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = self._as_the_proxy_says(scope)
        await self.app(scope, receive, send)

    @staticmethod
    def _as_the_proxy_says(scope: dict[str, Any]) -> dict[str, Any]:
        trusted = is_proxy((scope.get("client") or ("", 0))[0])
        forwarded = [value for name, value in scope["headers"] if name == SCHEME]
        drop = {SCHEME}
        if not trusted:
            drop |= {b"x-request-id", settings.CLIENT_ADDRESS_HEADER.lower().encode("latin1")}
        headers = [(name, value) for name, value in scope["headers"] if name not in drop]
        scope = {**scope, "headers": headers}
        if trusted and forwarded:
            # Of several, the last is what our own proxy added.
            said = forwarded[-1].decode("latin1").split(",")[-1].strip().lower()
            if said == "https":
                scope["scheme"] = SECURE.get(scope["scheme"], scope["scheme"])
        return scope

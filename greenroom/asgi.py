"""The ASGI application of a project: its own Django for HTTP, with our sockets, models and limits around it.

Imported after `django.core.asgi.get_asgi_application()` was called, which sets Django up.
"""

from collections.abc import Sequence
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import URLPattern, URLResolver

from greenroom.http import places
from greenroom.http.body_limit import BodyLimit
from greenroom.http.trusted_proxies import TrustedProxies
from voicebot import runtime
from voicebot.ops import serving
from voicebot.routing import websocket_routes


def around(http: Any, sockets: Sequence[URLPattern | URLResolver] = ()) -> Any:
    """`http` is Django's application; `sockets` are the project's own routes of WebSockets, asked first.

    Our socket is at the same prefix as `greenroom.urls`. Models are loaded, and turns that are on their way
    written, in ASGI's lifespan: the server must run it, as uvicorn and Hypercorn do and Daphne does not.
    """
    prefix = places.home().removeprefix("/")
    return TrustedProxies(
        BodyLimit(
            ProtocolTypeRouter(
                {
                    "http": http,
                    "websocket": URLRouter([*sockets, *websocket_routes(prefix)]),
                    "lifespan": serving.Lifespan(runtime.serving),
                }
            )
        )
    )

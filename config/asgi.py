"""The ASGI application: Django for HTTP, the voice consumer for WebSockets, models with the lifespan."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
http = get_asgi_application()

from greenroom.http.body_limit import BodyLimit  # noqa: E402  (after Django is set up)
from greenroom.http.trusted_proxies import TrustedProxies  # noqa: E402
from voicebot import runtime  # noqa: E402
from voicebot.ops import serving  # noqa: E402
from voicebot.routing import websocket_routes  # noqa: E402

application = TrustedProxies(
    BodyLimit(
        ProtocolTypeRouter(
            {
                "http": http,
                "websocket": URLRouter(websocket_routes),
                "lifespan": serving.Lifespan(runtime.serving),
            }
        )
    )
)

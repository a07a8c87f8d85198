"""The ASGI application: Django for HTTP, the voice consumer for WebSockets, models with the lifespan."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
http = get_asgi_application()

from voicebot.lifespan import Lifespan  # noqa: E402  (after Django is set up)
from voicebot.routing import websocket_routes  # noqa: E402

application = ProtocolTypeRouter(
    {"http": http, "websocket": URLRouter(websocket_routes), "lifespan": Lifespan()}
)

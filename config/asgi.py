"""The ASGI application: Django for HTTP, the voice consumer for WebSockets, models with the lifespan."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
http = get_asgi_application()

from greenroom import asgi  # noqa: E402  (after Django is set up)

application = asgi.around(http)

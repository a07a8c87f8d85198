import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "harbour.settings")
django = get_asgi_application()

from greenroom import asgi  # noqa: E402  (after Django is set up)

application = asgi.around(django)

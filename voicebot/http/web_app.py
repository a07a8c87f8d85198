"""Progressive web app: the manifest, the service worker, and the page that it shows without a network.

None of them holds anything of a visitor but their language, and none asks the database.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

WORKER = Path(__file__).parent.parent / "static" / "voicebot" / "service-worker.js"
GROUND = "#0f1512"
ICONS = (("192", "any"), ("512", "any"), ("512-maskable", "maskable"))
# All that the page without a network is made of.
FILES = (
    "voicebot/greenroom.css",
    "voicebot/fonts/fraunces.woff2",
    "voicebot/fonts/inter.woff2",
    "voicebot/lamp.svg",
    "voicebot/install.js",
)


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """GET /manifest.webmanifest, in the visitor's language."""
    icons = [
        {
            "src": static(f"voicebot/icons/{name}.png"),
            "sizes": "{0}x{0}".format(name.split("-")[0]),
            "type": "image/png",
            "purpose": purpose,
        }
        for name, purpose in ICONS
    ]
    about = {
        "id": reverse("gallery"),
        "name": "Greenroom",
        "short_name": "Greenroom",
        "description": _("Characters to talk with."),
        "lang": get_language(),
        "start_url": reverse("gallery"),
        "scope": reverse("gallery"),
        "display": "standalone",
        "background_color": GROUND,
        "theme_color": GROUND,
        "icons": icons,
    }
    response = JsonResponse(about, content_type="application/manifest+json")
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """GET /offline/: what the service worker keeps. Rendered without the request, it holds nothing of it."""
    response = HttpResponse(render_to_string("greenroom/offline.html"))
    response["Cache-Control"] = "no-cache"
    return response


@cache
def _code() -> bytes:
    return WORKER.read_bytes()


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """GET /service-worker.js: at the root, for the pages below it. It differs wherever what is kept does."""
    files = [static(name) for name in FILES]
    page = render_to_string("greenroom/offline.html")
    version = hashlib.sha256("\n".join([page, *files]).encode()).hexdigest()[:12]
    kept = {"version": version, "page": reverse("offline"), "files": files}
    code = b"const KEPT = " + json.dumps(kept).encode() + b";\n" + _code()
    response = HttpResponse(code, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response

"""The call page of a character, alone and within other pages."""

from pathlib import Path

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from characters import catalog
from characters.exceptions import CharacterNotFound
from characters.pages import language_line, public_text, share
from sessions_app.identity import api_keys, visitors
from sessions_app.network import web_origins
from voicebot.connection import origins
from voicebot.http import i18n_catalog
from voicebot.runtime import of_request

EMBED = Path(__file__).parent.parent / "static" / "voicebot" / "embed.js"


@require_safe
@ensure_csrf_cookie
def talk(request: HttpRequest, slug: str) -> HttpResponse:
    """The stage of one character."""
    return _stage(request, slug, draft="draft" in request.GET)


@require_safe
@xframe_options_exempt
def embed(request: HttpRequest, slug: str) -> HttpResponse:
    """The stage within another page: `?origin=` says which, and only that one may frame it."""
    given = request.GET.get("origin", "")
    if not origins.is_allowed(given, origins.own_of(request)) and not api_keys.names_origin(given):
        raise PermissionDenied
    parent = str(web_origins.parse(given))
    response = _stage(request, slug, parent=parent)
    response._csp_replace = {"frame-ancestors": [parent]}  # type: ignore[attr-defined]
    return response


@require_safe
def embed_script(request: HttpRequest) -> HttpResponse:
    """GET /embed.js, for a script element on any page."""
    response = HttpResponse(EMBED.read_bytes(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _stage(request: HttpRequest, slug: str, *, draft: bool = False, parent: str = "") -> HttpResponse:
    if draft and not request.user.has_perm("characters.change_character"):
        raise PermissionDenied
    try:
        spec = catalog.draft(slug) if draft else catalog.get(slug)
    except CharacterNotFound as error:
        raise Http404 from error
    if spec.slug != slug:  # an address that the character had before
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        return redirect(reverse("embed" if parent else "talk", args=[spec.slug]) + query)
    image = "" if draft else request.build_absolute_uri(share.url(spec))
    context = {
        "character": spec,
        "tagline": public_text.tagline(spec),
        "draft": draft,
        "language": language_line.of(spec),
        "image": image,
        "parent": parent,
        "known": bool(visitors.known(request)),
        "calls": of_request(request).calls.offered,
        "catalogue": i18n_catalog.catalogue(get_language() or "en"),
    }
    return render(request, "greenroom/stage.html", context)

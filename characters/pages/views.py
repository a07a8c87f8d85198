"""The gallery, each character's own page, and the pictures on them."""

import logging

from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from characters import catalog
from characters.exceptions import CharacterNotFound
from characters.pages import gallery, language_line, public_text, share
from characters.spec import CharacterSpec

log = logging.getLogger(__name__)

FEW = 8  # are seen at a glance: nothing to search, order or filter them by is offered
PAGE = 24  # characters of one page: eight rows of three, twelve of two


@require_safe
def show_gallery(request: HttpRequest) -> HttpResponse:
    """The published characters: `?q=` words, `?tag=`, `?language=`, `?sort=name|new`, `?page=`."""
    wish = gallery.Wish.of(request.GET)
    page = Paginator(gallery.find(wish), PAGE).get_page(request.GET.get("page"))
    kept = request.GET.copy()
    kept.pop("page", None)
    context = {
        "page": page,
        "players": [gallery.player_of(row) for row in page],
        "wish": wish,
        "tags": gallery.tags(),
        "languages": gallery.languages(),
        "sorts": gallery.SORTS,
        "kept": kept.urlencode(),
        "anybody": bool(wish) and gallery.on_stage().exists(),
        "many": bool(wish) or page.paginator.count > FEW,
    }
    return render(request, "greenroom/gallery.html", context)


def _spec(slug: str) -> CharacterSpec:
    try:
        return catalog.get(slug)
    except CharacterNotFound as error:
        raise Http404 from error


@require_safe
def show_character(request: HttpRequest, slug: str) -> HttpResponse:
    """One character's page: who this is, before one calls."""
    spec = _spec(slug)
    if spec.slug != slug:
        return redirect("character", spec.slug)
    context = {
        "character": spec,
        "greeting": public_text.first_words(spec),
        "tagline": public_text.tagline(spec),
        "about": public_text.about(spec),
        "language": language_line.of(spec),
        "image": request.build_absolute_uri(share.url(spec)),
    }
    return render(request, "greenroom/character.html", context)


@require_safe
def share_image(request: HttpRequest, slug: str, version: int) -> HttpResponse:
    """The picture that other pages show with a link here, 1200 by 630 pixels, PNG."""
    spec = _spec(slug)
    if spec.version != version:
        raise Http404
    return _picture(share.image(spec), "image/png")


@require_safe
def portrait(request: HttpRequest, name: str) -> HttpResponse:
    """A portrait. Its name changes with its content, so browsers may keep it for good."""
    path = f"portraits/{name}"
    try:
        if not default_storage.exists(path):
            raise Http404
        with default_storage.open(path) as file:  # about 20 KB: not worth a stream
            return _picture(file.read(), "image/webp")
    except OSError as error:  # a disk or a bucket that is away for a while
        log.error("a portrait could not be read: %s", error)
        return HttpResponse(status=503, headers={"Retry-After": "5"})


def _picture(data: bytes, content_type: str) -> HttpResponse:
    response = HttpResponse(data, content_type=content_type)
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["Content-Security-Policy"] = "default-src 'none'"
    return response

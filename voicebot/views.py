"""The HTTP side of a conversation: starting one, the stage it is played on, and signs of health."""

from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe
from django.views.defaults import page_not_found

from characters import catalog, share
from characters.exceptions import CharacterNotFound
from sessions_app import apikeys
from sessions_app.database import in_database
from sessions_app.exceptions import BadRequest, Forbidden, OriginRefused, SessionNotFound
from sessions_app.manager import SessionManager
from sessions_app.session import Session
from sessions_app.visitors import Visit, known
from voicebot import interface, limits, origins, readiness
from voicebot.answers import bearer_of, body_of, json_api, refusal
from voicebot.seats import seats

EMBED = Path(__file__).parent / "static" / "voicebot" / "embed.js"
manager = SessionManager()


@json_api("POST")
async def start(request: HttpRequest) -> HttpResponse:
    """POST /api/start: a way into a new session, or back into one of the visitor's own.

    Takes `{"transport": "websocket", "body": {"character", "metadata"} or {"session"}}` and answers
    `{"wsUrl", "token"}`, which Pipecat's clients connect with as they are.
    """
    given = body_of(request)
    body = given.get("body", {})
    if given.get("transport", "websocket") != "websocket":
        raise BadRequest("The only transport here is websocket.")
    if not isinstance(body, dict):
        raise BadRequest("`body` is a JSON object with `character` or `session`.")
    seats.check()
    invited = await _invited(request)
    visit = await sync_to_async(Visit)(request, invited=invited)
    await in_database(limits.check_start, limits.address_of_request(request), visit.visitor)
    session = await _session_for(request, body, visit.visitor)
    scheme = "wss" if request.is_secure() else "ws"
    path = reverse("socket", args=[session.id])
    answer = JsonResponse({"wsUrl": f"{scheme}://{request.get_host()}{path}", "token": session.token})
    visit.remember(answer)
    return answer


async def _invited(request: HttpRequest) -> bool:
    """Whether the request brings an API key. Raises KeyInvalid, or OriginRefused where it would need one."""
    origin, bearer = request.headers.get("Origin"), bearer_of(request)
    if apikeys.is_key(bearer):
        await in_database(apikeys.check, bearer, origin)
        return True
    # A page that only a key lets in may go on with a session by its token, and begin none without the key.
    if not bearer and not origins.is_allowed(origin, request.get_host()):
        raise OriginRefused
    return False


async def _session_for(request: HttpRequest, body: dict[str, Any], visitor: str) -> Session:
    if "session" in body:
        return await manager.resume(str(body["session"]), visitor, bearer_of(request))
    character = body.get("character")
    if not isinstance(character, str):
        raise BadRequest("Say which character: `body.character` is its address, such as captain-marlow.")
    draft = body.get("draft") is True
    if draft and not await (await request.auser()).ahas_perm("characters.change_character"):
        raise Forbidden("Only the editors of this place talk with drafts.")
    return await manager.create(character=character, visitor=visitor, metadata=_metadata(body), draft=draft)


def _metadata(body: dict[str, Any]) -> dict[str, Any]:
    metadata = body.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise BadRequest("`body.metadata` is a JSON object.")
    return metadata or {}


async def socket(request: HttpRequest, session_id: str) -> HttpResponse:
    """The WebSocket's address, asked for by something that speaks plain HTTP."""
    return JsonResponse({"error": {"code": "websocket", "message": "Connect here by WebSocket."}}, status=426)


@require_safe
@ensure_csrf_cookie
def talk(request: HttpRequest, slug: str) -> HttpResponse:
    """The stage of one character."""
    return _stage(request, slug, draft="draft" in request.GET)


@require_safe
@xframe_options_exempt
def embed(request: HttpRequest, slug: str) -> HttpResponse:
    """The stage within another page: `?origin=` says which, and only that one may frame it."""
    parent = request.GET.get("origin", "")
    if not origins.is_allowed(parent or "null", request.get_host()) and not apikeys.names_origin(parent):
        raise PermissionDenied
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


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page that is not there; under /api/ in the form of all its errors."""
    if request.path.startswith("/api/"):
        return refusal(SessionNotFound("There is nothing at this address."))
    return page_not_found(request, exception)


def _stage(request: HttpRequest, slug: str, *, draft: bool = False, parent: str = "") -> HttpResponse:
    if draft and not request.user.has_perm("characters.change_character"):
        raise PermissionDenied
    try:
        sheet = catalog.draft(slug) if draft else catalog.get(slug)
    except CharacterNotFound as error:
        raise Http404 from error
    image = "" if draft else request.build_absolute_uri(share.url(sheet))
    context = {
        "character": sheet,
        "draft": draft,
        "image": image,
        "parent": parent,
        "known": bool(known(request)),
        "catalogue": interface.catalogue(get_language() or "en"),
    }
    return render(request, "stage.html", context)


async def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive."""
    return HttpResponse("ok\n", content_type="text/plain")


async def readyz(request: HttpRequest) -> HttpResponse:
    """The process can serve: 200, or 503 with what is missing, one thing a line. See `readiness`."""
    missing = await readiness.missing()
    return HttpResponse(
        "".join(f"{line}\n" for line in missing) or "ready\n",
        status=503 if missing else 200,
        content_type="text/plain",
        headers={"X-Seats-Taken": str(seats.taken)},
    )

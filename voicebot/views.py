"""The HTTP side of a conversation: starting one, the stage it is played on, and signs of health."""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from characters import catalog, share
from characters.exceptions import CharacterNotFound
from sessions_app.database import in_database
from sessions_app.exceptions import BadRequest, Forbidden
from sessions_app.manager import SessionManager
from sessions_app.session import Session
from sessions_app.visitors import Visit
from voicebot.answers import body_of, json_api, token_of
from voicebot.seats import seats

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
    visit = await sync_to_async(Visit)(request)
    session = await _session_for(request, body, visit.visitor)
    scheme = "wss" if request.is_secure() else "ws"
    path = reverse("socket", args=[session.id])
    answer = JsonResponse({"wsUrl": f"{scheme}://{request.get_host()}{path}", "token": session.token})
    visit.remember(answer)
    return answer


async def _session_for(request: HttpRequest, body: dict[str, Any], visitor: str) -> Session:
    if "session" in body:
        return await manager.resume(str(body["session"]), visitor, token_of(request))
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
    draft = "draft" in request.GET
    if draft and not request.user.has_perm("characters.change_character"):
        raise PermissionDenied
    try:
        sheet = catalog.draft(slug) if draft else catalog.get(slug)
    except CharacterNotFound as error:
        raise Http404 from error
    image = "" if draft else request.build_absolute_uri(share.url(sheet))
    return render(request, "stage.html", {"character": sheet, "draft": draft, "image": image})


async def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive."""
    return HttpResponse("ok\n", content_type="text/plain")


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


async def readyz(request: HttpRequest) -> HttpResponse:
    """The process can serve: the database answers. 503 otherwise. X-Seats-Taken: connections it has."""
    try:
        await in_database(_ask_database)
    except DatabaseError:
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    return HttpResponse("ready\n", content_type="text/plain", headers={"X-Seats-Taken": str(seats.taken)})

"""A visitor's own sessions over HTTP: list, transcript, export, erasure with a receipt."""

from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from sessions_app import visitors
from sessions_app.database import in_database
from sessions_app.exceptions import BadRequest, SignInRequired
from sessions_app.export import export
from sessions_app.manager import SessionManager
from sessions_app.shelf import TITLE, Entry, shelf
from sessions_app.stores.base import Removed
from voicebot.answers import bearer_of, body_of, json_api

MOST_TITLE = 120  # characters
MOST_WORDS = 80
manager = SessionManager()


async def _visitor(request: HttpRequest) -> str:
    return await sync_to_async(visitors.known)(request)


def _entry(entry: Entry) -> dict[str, Any]:
    record = entry.record
    return {
        "title": entry.title,
        **({"found": entry.found} if entry.found else {}),
        "id": str(record.id),
        "character": record.character,
        "state": record.state,
        "createdAt": record.created_at.isoformat(),
        "activeAt": record.active_at.isoformat(),
        "expiresAt": record.expires_at.isoformat(),
        "turns": record.turns,
    }


def _receipt(removed: Removed) -> JsonResponse:
    """What was erased, how many, and when: data keys go with the rows, so copies elsewhere are noise."""
    return JsonResponse(
        {
            "erased": {
                "sessions": removed.sessions,
                "turns": removed.turns,
                "summaries": removed.summaries,
                "keys": removed.sessions,
            },
            "at": timezone.now().isoformat(),
        }
    )


@json_api("GET", "DELETE")
async def sessions(request: HttpRequest) -> HttpResponse:
    """GET lists the visitor's sessions; DELETE erases them. `?character=` only those with one character.

    `?q=` lists those in which these words were said.
    """
    visitor = await _visitor(request)
    if not visitor:
        raise SignInRequired("Nobody is known by this request: there is no cookie and no account.")
    character = request.GET.get("character", "")
    if request.method == "GET":
        words = request.GET.get("q", "").strip()[:MOST_WORDS]
        entries = await in_database(shelf, manager.sync, visitor, character, words)
        return JsonResponse({"sessions": [_entry(entry) for entry in entries]})
    return _receipt(await manager.erase_visitor(visitor, character))


@json_api("GET", "PATCH", "DELETE")
async def session(request: HttpRequest, session_id: str) -> HttpResponse:
    """GET gives the whole session with its transcript; PATCH `{"title"}` names it; DELETE erases it."""
    record = await manager.owned(session_id, await _visitor(request), bearer_of(request))
    if request.method == "GET":
        answer = JsonResponse(await in_database(export, manager.sync, record.id))
        answer["Content-Disposition"] = f'attachment; filename="session-{record.id}.json"'
        return answer
    if request.method == "PATCH":
        title = body_of(request).get("title")
        if not isinstance(title, str) or len(title) > MOST_TITLE:
            raise BadRequest(f"`title` is a text of at most {MOST_TITLE} characters.")
        await manager.annotate(record.id, {TITLE: title.strip() or None})
        return JsonResponse({"title": title.strip()})
    return _receipt(await manager.erase(record.id))

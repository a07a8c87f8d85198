"""A visitor's own sessions over HTTP: list, transcript, export, erasure with a receipt."""

from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from sessions_app import visitors
from sessions_app.database import in_database
from sessions_app.exceptions import SignInRequired
from sessions_app.export import export
from sessions_app.manager import SessionManager
from sessions_app.records import Record
from sessions_app.stores.base import Removed
from voicebot.answers import json_api, token_of

manager = SessionManager()


async def _visitor(request: HttpRequest) -> str:
    return await sync_to_async(visitors.known)(request)


def _entry(record: Record) -> dict[str, Any]:
    return {
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
    """GET lists the visitor's sessions; DELETE erases all of them."""
    visitor = await _visitor(request)
    if not visitor:
        raise SignInRequired("Nobody is known by this request: there is no cookie and no account.")
    if request.method == "GET":
        records = await manager.of_visitor(visitor)
        return JsonResponse({"sessions": [_entry(record) for record in records]})
    return _receipt(await manager.erase_visitor(visitor))


@json_api("GET", "DELETE")
async def session(request: HttpRequest, session_id: str) -> HttpResponse:
    """GET gives the whole session with its transcript; DELETE erases it."""
    record = await manager.owned(session_id, await _visitor(request), token_of(request))
    if request.method == "GET":
        answer = JsonResponse(await in_database(export, manager.sync, record.id))
        answer["Content-Disposition"] = f'attachment; filename="session-{record.id}.json"'
        return answer
    return _receipt(await manager.erase(record.id))

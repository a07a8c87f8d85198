"""A visitor's own sessions over HTTP: list, transcript, export, erasure with a receipt."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from ninja import Query, Router

from sessions_app.conversations import TITLE, ListedConversation, export, list_conversations
from sessions_app.database import in_database
from sessions_app.exceptions import SignInRequired
from sessions_app.identity import Scope, visitors
from sessions_app.manager import SessionManager
from sessions_app.memories import Memories
from sessions_app.network import address_of_request
from sessions_app.signals import sessions_erased
from sessions_app.stores import Record, Removed
from voicebot.connection import rate_limits
from voicebot.http.json_api import JsonObject, bearer_of
from voicebot.http.keys.auth import by_whom, owner_or, visitor_or
from voicebot.http.schemas import (
    MOST_WORDS,
    Change,
    Counts,
    Ended,
    Ending,
    Error,
    Listed,
    Listing,
    Named,
    Page,
    Receipt,
    Which,
    Whole,
)
from voicebot.runtime import of_request

OF_SEVERAL = (400, 401, 403, 429, 503)  # how these may be refused
OF_ONE = (401, 403, 404, 429, 503)
manager, memories = SessionManager(), Memories()
router = Router(by_alias=True, exclude_unset=True)


async def _visitor(request: HttpRequest) -> str:
    """Who asks, '' for nobody known; each question counts. Raises TooManyReads."""
    visitor = await sync_to_async(visitors.known)(request)
    await in_database(
        rate_limits.check_read, of_request(request).counts, visitor or address_of_request(request)
    )
    return visitor


# django-ninja asks these before it reads what is asked: what they give is the operation's `request.auth`.


class OfVisitor(HttpRequest):
    auth: str  # the visitor


class OfOwner(HttpRequest):
    auth: Record  # of the session


async def known_visitor(request: HttpRequest) -> str:
    """The visitor who asks. Raises TooManyReads or SignInRequired."""
    visitor = await _visitor(request)
    if not visitor:
        raise SignInRequired("Nobody is known by this request: there is no cookie and no account.")
    return visitor


async def owner(request: HttpRequest) -> Record:
    """The session, if it is theirs who ask. Raises TooManyReads, SessionNotFound or Forbidden."""
    session_id = request.resolver_match.kwargs["session_id"]  # type: ignore[union-attr]  # it has matched
    return await manager.owned(session_id, await _visitor(request), bearer_of(request))


def _listed(entry: ListedConversation) -> Listed:
    record = entry.record
    return Listed(
        title=entry.title,
        **({"found": entry.found} if entry.found else {}),
        id=record.id,
        character=record.character,
        state=record.state,
        created_at=record.created_at,
        active_at=record.active_at,
        expires_at=record.expires_at,
        turns=record.turns,
    )


async def _streamed(first: str, pieces: Iterator[str]) -> AsyncIterator[str]:
    yield first
    while piece := await in_database(next, pieces, ""):
        yield piece


def _receipt(removed: Removed) -> Receipt:
    erased = Counts(
        sessions=removed.sessions,
        turns=removed.turns,
        summaries=removed.summaries,
        memories=removed.memories,
        keys=removed.sessions + removed.memory_keys,
    )
    return Receipt(erased=erased, at=timezone.now())


@router.get(
    "/sessions",
    url_name="sessions",
    operation_id="listSessions",
    summary="The visitor's own sessions, the last active first, page by page",
    response={200: Page, OF_SEVERAL: Error},
    **visitor_or(Scope.READ, known_visitor),
)
async def sessions(request: OfVisitor, which: Annotated[Listing, Query(...)]) -> Page:
    page = await in_database(
        list_conversations,
        manager.sync,
        request.auth,
        which.character,
        which.q.strip()[:MOST_WORDS],
        after=which.after,
        limit=which.limit,
    )
    listed = [_listed(entry) for entry in page.entries]
    return Page(sessions=listed, next=page.next) if page.next else Page(sessions=listed)


@router.delete(
    "/sessions",
    url_name="sessions",
    operation_id="eraseSessions",
    summary="Erases them",
    response={200: Receipt, OF_SEVERAL: Error},
    **visitor_or(Scope.WRITE, known_visitor),
)
async def erase_sessions(request: OfVisitor, which: Annotated[Which, Query(...)]) -> Receipt:
    """What was said here before signing in, too: whoever signs out would find it again."""
    everybody = {request.auth, visitors.of_browser(request)} - {""}
    removed = sum([await manager.erase_visitor(name, which.character) for name in everybody], Removed())
    sessions_erased.send(
        sessions, by=by_whom(request), removed=removed, visitor=request.auth, request=request
    )
    return _receipt(removed)


@router.get(
    "/sessions/{uuid:session_id}",
    url_name="session",
    operation_id="readSession",
    summary="Everything that is kept of a session",
    response={200: Whole, OF_ONE: Error},
    **owner_or(Scope.READ, owner),
)
async def session(request: HttpRequest, session_id: UUID) -> StreamingHttpResponse:
    pieces = export(manager.sync, session_id)
    first = await in_database(next, pieces)
    whole = StreamingHttpResponse(_streamed(first, pieces), content_type="application/json")
    whole["Content-Disposition"] = f'attachment; filename="session-{session_id}.json"'
    return whole


@router.patch(
    "/sessions/{uuid:session_id}",
    url_name="session",
    operation_id="changeSession",
    summary="Gives it a name, or ends it for a visitor whose socket cannot any more",
    response={200: Named | Ended, (400, 401, 403, 404, 413, 429, 503): Error},
    **owner_or(Scope.WRITE, owner),
)
async def change_session(
    request: HttpRequest, session_id: UUID, given: Annotated[Change, JsonObject(...)]
) -> Named | Ended:
    if isinstance(given, Ending):
        return Ended(ended=await manager.end(session_id, reason="visitor"))
    title = given.title.strip()
    await manager.annotate(session_id, {TITLE: title or None})
    return Named(title=title)


@router.delete(
    "/sessions/{uuid:session_id}",
    url_name="session",
    operation_id="eraseSession",
    summary="Erases it",
    response={200: Receipt, OF_ONE: Error},
    **owner_or(Scope.WRITE, owner),
)
async def erase_session(request: OfOwner, session_id: UUID) -> Receipt:
    visitor = request.auth.visitor
    learnt = await memories.forget_session(visitor, request.auth.character, session_id)
    removed = learnt + await manager.erase(session_id)
    sessions_erased.send(
        session, by=by_whom(request), removed=removed, visitor=visitor, session_id=session_id, request=request
    )
    return _receipt(removed)

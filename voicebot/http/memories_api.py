"""The memories API: what characters remember of a visitor, read, corrected and erased by them alone."""

from typing import Annotated
from uuid import UUID

from django.utils import timezone
from ninja import Query, Router

from sessions_app.identity import Scope, visitors
from sessions_app.memories import Known, Memories
from sessions_app.signals import sessions_erased
from sessions_app.stores import Removed
from voicebot.http.json_api import JsonObject
from voicebot.http.keys.auth import by_whom, visitor_or
from voicebot.http.schemas import (
    Answered,
    Correction,
    Counts,
    Error,
    KnownOfVisitor,
    KnownPage,
    Receipt,
    Remembered,
    Which,
)
from voicebot.http.sessions_api import OfVisitor, known_visitor

REFUSED = (400, 401, 403, 404, 413, 429, 503)
memories = Memories()
router = Router(by_alias=True)


def _known(known: Known) -> KnownOfVisitor:
    return KnownOfVisitor(
        character=known.character,
        consent=known.consent,
        consent_at=known.consent_at,
        memories=[Remembered(**memory.as_json()) for memory in known.recollections],
    )


def _receipt(removed: Removed) -> Receipt:
    counts = Counts(sessions=0, turns=0, summaries=0, memories=removed.memories, keys=removed.memory_keys)
    return Receipt(erased=counts, at=timezone.now())


@router.get(
    "/memories",
    url_name="memories",
    operation_id="listMemories",
    summary="What characters remember of the visitor, and whether they may",
    response={200: KnownPage, (400, 401, 403, 429, 503): Error},
    **visitor_or(Scope.MEMORIES, known_visitor),
)
async def list_memories(request: OfVisitor, which: Annotated[Which, Query(...)]) -> KnownPage:
    found = await memories.all_known(request.auth, which.character)
    return KnownPage(known=[_known(known) for known in found])


@router.delete(
    "/memories",
    url_name="memories",
    operation_id="eraseMemories",
    summary="Erases them, and that the visitor was ever asked",
    response={200: Receipt, (400, 401, 403, 429, 503): Error},
    **visitor_or(Scope.MEMORIES, known_visitor),
)
async def erase_memories(request: OfVisitor, which: Annotated[Which, Query(...)]) -> Receipt:
    """What was said here before signing in, too."""
    everybody = {request.auth, visitors.of_browser(request)} - {""}
    removed = sum([await memories.forget_all(name, which.character) for name in everybody], Removed())
    sessions_erased.send(router, by=by_whom(request), removed=removed, visitor=request.auth, request=request)
    return _receipt(removed)


@router.put(
    "/memories/consent",
    url_name="memory_consent",
    operation_id="answerConsent",
    summary="The visitor's answer to whether a character may remember them; a no erases",
    response={200: KnownOfVisitor, REFUSED: Error},
    **visitor_or(Scope.MEMORIES, known_visitor),
)
async def answer_consent(request: OfVisitor, given: Annotated[Answered, JsonObject(...)]) -> KnownOfVisitor:
    return _known(await memories.set_consent(request.auth, given.character, given.agreed))


@router.patch(
    "/memories/{uuid:memory_id}",
    url_name="memory",
    operation_id="correctMemory",
    summary="Puts other words in its place",
    response={200: Remembered, REFUSED: Error},
    **visitor_or(Scope.MEMORIES, known_visitor),
)
async def correct_memory(
    request: OfVisitor, memory_id: UUID, given: Annotated[Correction, JsonObject(...)]
) -> Remembered:
    memory = await memories.correct(request.auth, memory_id, given.text)
    return Remembered(**memory.as_json())


@router.delete(
    "/memories/{uuid:memory_id}",
    url_name="memory",
    operation_id="eraseMemory",
    summary="Erases it",
    response={200: Receipt, REFUSED: Error},
    **visitor_or(Scope.MEMORIES, known_visitor),
)
async def erase_memory(request: OfVisitor, memory_id: UUID) -> Receipt:
    removed = await memories.forget(request.auth, memory_id)
    sessions_erased.send(router, by=by_whom(request), removed=removed, visitor=request.auth, request=request)
    return _receipt(removed)

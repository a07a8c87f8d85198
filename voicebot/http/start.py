"""POST /api/start: a way into a new session, or back into one of the visitor's own."""

import asyncio
from contextlib import suppress
from typing import Annotated

from asgiref.sync import sync_to_async
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from ninja import Router

from sessions_app.database import in_database
from sessions_app.exceptions import Forbidden, OriginRefused, SessionError
from sessions_app.identity import Scope, Visit, api_keys
from sessions_app.manager import SessionManager
from sessions_app.network import address_of_request
from sessions_app.session import Session
from voicebot.connection import origins, rate_limits
from voicebot.http import attempts
from voicebot.http.calls import offers
from voicebot.http.calls.schemas import CallWay
from voicebot.http.json_api import JsonObject, bearer_of
from voicebot.http.schemas import Beginning, Ended, Error, Return, Start, TakenBack, Way
from voicebot.runtime import of_request

HANDED_OVER = "Greenroom-Session-Secret"  # header with the secret of a session that has begun
manager = SessionManager()
_taken_back: set[asyncio.Task[None]] = set()  # held until they are done


router = Router(by_alias=True)


@router.post(
    "/start",
    url_name="start",
    operation_id="start",
    summary="A way into a new session, or back into one of one's own",
    openapi_extra={"security": [{}, {"visitor": []}, {"sessionSecret": []}, {"apiKey": [Scope.START.value]}]},
    response={200: Way | CallWay, (400, 401, 403, 404, 405, 409, 413, 429, 503): Error},
)
async def start(
    request: HttpRequest, response: HttpResponse, given: Annotated[Start, JsonObject(...)]
) -> Way | CallWay:
    """Pipecat's clients connect with the answer as it is.

    Who begins a session gets its secret in the header Greenroom-Session-Secret: with that, in
    `Authorization: Bearer`, a client without cookies comes back.
    """
    beginning = isinstance(given.body, Beginning)
    process = of_request(request)
    if given.transport == "webrtc":
        offers.check_offered(process)
    process.capacity.check(beginning=beginning)
    by_api_key = await _by_api_key(request, beginning=beginning)  # its id, 0 for none
    visit = await sync_to_async(Visit)(request, by_api_key=bool(by_api_key))
    address = address_of_request(request)

    def check() -> None:
        rate_limits.check_start(process.counts, address, visit.visitor)
        rate_limits.check_day(process.counts, visit.visitor)
        if isinstance(given.body, Beginning):
            process.budgets.check(given.body.character, by_api_key)

    await in_database(check)
    session = await _session_for_who_waits(request, given, visit.visitor, by_api_key)
    if not beginning:
        await in_database(process.budgets.check, session.character, session.api_key)
    if session.secret:
        response[HANDED_OVER] = session.secret
        response["Access-Control-Expose-Headers"] = HANDED_OVER
    visit.remember(response)
    if given.transport == "webrtc":
        return offers.way_of(request, session)
    scheme = "wss" if request.is_secure() else "ws"
    path = reverse("socket", args=[session.id])
    return Way(ws_url=f"{scheme}://{request.get_host()}{path}", token=session.token)


@router.delete(
    "/start",
    url_name="start",
    operation_id="takeBackStart",
    summary="Ends what an attempt at a start has made, for a page that goes before it has read the answer",
    response={200: Ended, (400, 403, 404, 413, 503): Error},
)
async def take_back(request: HttpRequest, given: Annotated[TakenBack, JsonObject(...)]) -> Ended:
    made = await attempts.made_by(given.attempt or "")
    return Ended(ended=bool(made) and await manager.end(made, reason="left"))


async def _by_api_key(request: HttpRequest, *, beginning: bool) -> int:
    """The id of the request's API key, 0 for none. Raises KeyInvalid, or OriginRefused where it needs one.

    A page that only a key lets in may go on with a session by its secret, and begin none without the key.
    """
    origin, bearer = request.headers.get("Origin"), bearer_of(request)
    if api_keys.is_key(bearer):
        key = await in_database(api_keys.check, bearer, origin)
        return int(key.pk)
    if beginning and not origins.is_allowed(origin, origins.own_of(request)):
        raise OriginRefused
    return 0


async def _session_for_who_waits(request: HttpRequest, given: Start, visitor: str, api_key: int) -> Session:
    """As `_session_for`. A new session whose visitor does not wait for it any more is taken back."""
    beginning = isinstance(given.body, Beginning)

    async def make() -> Session:
        session = await _session_for(request, given.body, visitor, api_key)
        if beginning:
            await attempts.note(given.attempt or "", session.id)
        return session

    making = asyncio.create_task(make())
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        if beginning:
            taking_back = asyncio.create_task(_take_back(making))
            _taken_back.add(taking_back)
            taking_back.add_done_callback(_taken_back.discard)
        raise


async def _take_back(making: asyncio.Task[Session]) -> None:
    # Refused, or the database is away meanwhile: then a sweep finds it, as all that nobody ever opened.
    with suppress(SessionError, DatabaseError):
        await manager.erase((await making).id)


async def _session_for(request: HttpRequest, body: Beginning | Return, visitor: str, api_key: int) -> Session:
    if isinstance(body, Return):
        return await manager.resume(body.session, visitor, bearer_of(request))
    if body.draft and not await (await request.auser()).ahas_perm("characters.change_character"):
        raise Forbidden("Only the editors of this place talk with drafts.")
    earlier = await manager.owned(body.follows, visitor, bearer_of(request)) if body.follows else None
    session = await manager.create(
        character=body.character,
        visitor=visitor,
        metadata=body.metadata or {},
        draft=body.draft,
        api_key=api_key,
    )
    if earlier:
        try:
            await manager.carry_over(earlier.id, session.id)
        except BaseException:
            await manager.erase(session.id)
            raise
    return session


async def socket(request: HttpRequest, session_id: str) -> HttpResponse:
    """The WebSocket's address, asked for by something that speaks plain HTTP."""
    return JsonResponse({"error": {"code": "websocket", "message": "Connect here by WebSocket."}}, status=426)

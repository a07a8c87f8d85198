"""Offers and candidates of calls: whoever has a session's token, or owns the session, is answered.

What a WebSocket's admission checks is checked when the client is there; here is what comes before that.
"""

import re
from typing import Annotated
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from django.urls import reverse
from ninja import Router

from sessions_app.database import in_database
from sessions_app.exceptions import BadRequest, SessionNotFound
from sessions_app.identity import Visit
from sessions_app.manager import SessionManager
from sessions_app.network import address_of_request
from sessions_app.session import Session
from voicebot.connection import admission, call_consumer, channel_events, rate_limits
from voicebot.http.calls.schemas import (
    Answered,
    CallWay,
    Candidates,
    IceConfig,
    Noted,
    Offer,
    OfferData,
    RequestParams,
)
from voicebot.http.json_api import JsonObject, bearer_of
from voicebot.http.schemas import Error
from voicebot.runtime import Runtime, of_request
from voicebot.transport import OfferError

CALL_ID = re.compile("[0-9a-f]{32}")

manager = SessionManager()
router = Router()
ERRORS = {(400, 401, 403, 404, 405, 409, 413, 429, 503): Error}


def way_of(request: HttpRequest, session: Session) -> CallWay:
    """The answer to a start by WebRTC. The token is sent in a body: an address stands in logs."""
    endpoint = request.build_absolute_uri(reverse("offer", args=[session.id]))
    servers = of_request(request).calls.ice_servers.for_client(session.id.hex[:12])
    return CallWay(
        session_id=session.id,
        ice_config=IceConfig(ice_servers=servers),
        webrtc_request_params=RequestParams(endpoint=endpoint, request_data=OfferData(token=session.token)),
    )


def check_offered(process: Runtime) -> None:
    """Raises BadRequest where there are no calls here."""
    if not process.calls.offered:
        raise BadRequest("`transport` is `websocket`: there are no calls by WebRTC here.")


@router.post(
    "/sessions/{uuid:session_id}/api/offer",
    url_name="offer",
    operation_id="offer",
    summary="Begins a call of a session, or changes it",
    response={200: Answered, **ERRORS},
)
async def offer(request: HttpRequest, session_id: UUID, given: Annotated[Offer, JsonObject(...)]) -> Answered:
    """The call takes the session over once the client is there; until then another connection may serve."""
    process = of_request(request)
    check_offered(process)
    process.capacity.check()
    address = address_of_request(request)
    await in_database(rate_limits.check_offer, process.counts, address)
    token = await _token(request, session_id, given)
    await manager.check(session_id, token, address)
    known = process.calls.find(session_id, given.pc_id or "")
    try:
        if known and not given.restart_pc:
            return Answered(sdp=await known.answer(given.sdp), pc_id=known.id)
        if known:  # its client has given it up: it is not to hear that another has the session now
            await process.calls.end(session_id, known)
        call, sdp = await process.calls.begin(session_id, given.sdp, address)
    except OfferError as error:
        raise BadRequest(f"`sdp` is {error}.") from error
    entry = admission.Entry(session_id, token, address, _nothing_more)
    call_consumer.CallConsumer(call, entry, process).begin()
    return Answered(sdp=sdp, pc_id=call.id)


async def _token(request: HttpRequest, session_id: UUID, given: Offer) -> str:
    """The token that opens the session: the one that came along, or a new one for its owner."""
    if given.request_data and given.request_data.token:
        return given.request_data.token
    visit = await sync_to_async(Visit)(request)
    return (await manager.resume(session_id, visit.visitor, bearer_of(request))).token


async def _nothing_more() -> None:
    """Origin and host were checked as of every request."""


@router.patch(
    "/sessions/{uuid:session_id}/api/offer",
    url_name="offer",
    operation_id="addCandidates",
    summary="Adds addresses of the client's to a call",
    response={200: Noted, **ERRORS},
)
async def candidates(
    request: HttpRequest, session_id: UUID, given: Annotated[Candidates, JsonObject(...)]
) -> Noted:
    """Only who began the call knows its id."""
    process = of_request(request)
    call = process.calls.find(session_id, given.pc_id)
    found = [(one.candidate, one.sdp_mid, one.sdp_mline_index) for one in given.candidates]
    if call is None:
        await in_database(rate_limits.check_offer, process.counts, address_of_request(request))
        if not CALL_ID.fullmatch(given.pc_id) or not await channel_events.pass_on_candidates(
            given.pc_id, found
        ):
            raise SessionNotFound("There is no such call here.")
        return Noted()
    try:
        for candidate in found:
            await call.add_candidate(*candidate)
    except OfferError as error:
        raise BadRequest(f"`candidates` has {error}.") from error
    return Noted()

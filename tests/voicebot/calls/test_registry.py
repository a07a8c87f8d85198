"""The calls of a process: how many there are, and whose."""

from uuid import uuid4

import pytest

from sessions_app.exceptions import LimitReached
from tests.callers import Caller
from voicebot.ops import TooMuch
from voicebot.transport.webrtc.call import MOST_RECEIVED
from voicebot.transport.webrtc.calls import Calls
from voicebot.transport.webrtc.ice_servers import IceServers
from voicebot.transport.webrtc.network import Network

WAY = {"webrtcRequestParams": {"endpoint": "", "requestData": {}}}


@pytest.fixture
async def offer():
    caller = Caller(None, WAY)  # type: ignore[arg-type]
    yield (await caller.offer())["sdp"]
    await caller.peer.close()


async def test_one_address_never_has_every_call_and_nobody_more_than_there_are(offer):
    calls = Calls(Network(), IceServers(), switched_on=True, most=4)
    begun = []

    async def begin(visitor: str) -> None:
        session = uuid4()
        begun.append((session, (await calls.begin(session, offer, visitor))[0]))

    for _ in range(3):
        await begin("127.0.0.1")
    with pytest.raises(LimitReached):
        await begin("127.0.0.1")
    await begin("203.0.113.5")
    with pytest.raises(LimitReached):
        await begin("203.0.113.6")
    for session, call in begun:
        assert calls.find(session, call.id) is call
        await calls.end(session, call)
    assert len(calls) == 0


async def test_a_session_has_two_calls_and_the_oldest_goes_for_a_third(offer):
    calls, session = Calls(Network(), IceServers(), switched_on=True, most=10), uuid4()
    made = [(await calls.begin(session, offer, "127.0.0.1"))[0] for _ in range(3)]
    assert not await made[0].opened(0.1)
    for call in made:
        await calls.end(session, call)
    assert len(calls) == 0


async def test_a_flood_that_nobody_reads_is_kept_up_to_a_bound_and_ends_the_call(offer):
    calls, session = Calls(Network(), IceServers(), switched_on=True, most=4), uuid4()
    call = (await calls.begin(session, offer, "127.0.0.1"))[0]
    call._opened.set()
    for _ in range(MOST_RECEIVED * 2):
        call._put(({"type": "client-message"}, 20))
    assert call._received.qsize() == MOST_RECEIVED + 1
    for _ in range(MOST_RECEIVED):
        await call.receive()
    with pytest.raises(TooMuch):
        await call.receive()
    await calls.end(session, call)

"""Callers come and go, half of them without a goodbye: nothing of them stays, and the dead are noticed."""

import asyncio
import gc
from collections import Counter
from contextlib import suppress
from uuid import uuid4

import pylibsrtp
import pytest
from aioice import ice
from aiortc import (
    RTCDataChannel,
    RTCDtlsTransport,
    RTCIceTransport,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCSctpTransport,
    RTCSessionDescription,
)
from OpenSSL import SSL
from pipecat.frames.frames import OutputAudioRawFrame

from tests.callers import Caller, Microphone, way_in
from tests.patience import PATIENCE_SECS
from tests.servers import Server
from tests.voicebot.connection.test_leaks import POOLS, at_rest
from voicebot.transport.webrtc import Calls, IceServers, Network, opus
from voicebot.transport.webrtc.call import Call
from voicebot.transport.webrtc.hearing import Hearing
from voicebot.transport.webrtc.voice_track import VoiceTrack

AT_ONCE = 6
SETTLED_SECS = 20.0
OF_A_CALL = (
    *(Call, Hearing, VoiceTrack, opus.Encoder, opus.Decoder),
    *(RTCPeerConnection, RTCDataChannel, RTCDtlsTransport, RTCIceTransport, RTCSctpTransport),
    *(RTCRtpReceiver, RTCRtpSender, ice.Connection, ice.StunProtocol),
    *(SSL.Context, SSL.Connection, pylibsrtp.Session),
)


def alive() -> Counter[str]:
    """How many objects there are of each type that a call is made of."""
    gc.collect()
    # By type: `isinstance` asks a lazy object, which another test may have left behind, what it stands for.
    types = [type(each) for each in gc.get_objects()]
    return Counter(each.__name__ for each in types if issubclass(each, OF_A_CALL))


async def call_and_be_heard(calls: Calls, *, goodbye: bool) -> Counter[str]:
    """One call with both its ends in this process; what was alive in the midst of it."""
    session, opened = uuid4(), asyncio.Event()
    peer = RTCPeerConnection()
    peer.addTrack(Microphone())
    channel = peer.createDataChannel("chat")
    channel.on("open", opened.set)
    await peer.setLocalDescription(await peer.createOffer())
    call, answer = await calls.begin(session, peer.localDescription.sdp, "127.0.0.1")
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await asyncio.wait_for(opened.wait(), PATIENCE_SECS)
    assert await call.opened(PATIENCE_SECS)
    await call.send(OutputAudioRawFrame(bytes(9600), 24_000, 1))
    assert await asyncio.wait_for(call.receive(), PATIENCE_SECS)
    midst = alive()
    if goodbye:
        await peer.close()
    await calls.end(session, call)
    await peer.close()
    return midst


async def test_nothing_that_a_call_is_made_of_outlives_it():
    calls = Calls(Network(), IceServers(), switched_on=True, most=10)
    await call_and_be_heard(calls, goodbye=True)
    before = alive()
    for number in range(10):
        midst = await call_and_be_heard(calls, goodbye=bool(number % 2))
        assert all(midst[each.__name__] for each in OF_A_CALL if each is not ice.StunProtocol), midst
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLED_SECS):
            while alive() - before:  # tasks end a moment later
                await asyncio.sleep(0.1)
    assert not alive() - before
    assert not len(calls)


async def come_and_go(server: Server, number: int) -> None:
    way, _ = await asyncio.to_thread(way_in, server)
    caller = Caller(server, way)
    await caller.__aenter__()
    await caller.get_ready()
    if number % 2:  # no goodbye: the network is gone
        for protocol in caller.peer.sctp.transport.transport.iceGatherer._connection._protocols:
            protocol.transport.sendto = lambda data, address: None
    await caller.__aexit__()


async def crowd(server: Server, calls: int) -> None:
    for first in range(0, calls, AT_ONCE):
        await asyncio.gather(*(come_and_go(server, first + number) for number in range(AT_ONCE)))


@pytest.mark.long
async def test_nothing_of_sixty_callers_stays(own_server):
    server = await asyncio.to_thread(own_server, MAX_SESSIONS_PER_VISITOR="500", LOG_LEVEL="WARNING")
    await crowd(server, 30)  # pools, caches and code are as large as they get
    before = await at_rest(server)
    await crowd(server, 60)
    after = await at_rest(server)
    print(before, after)
    assert after["tasks"] <= before["tasks"] + 2, (before, after)
    assert after["threads"] <= before["threads"] + POOLS, (before, after)
    assert after["files"] <= before["files"] + POOLS, (before, after)
    assert after["megabytes"] <= before["megabytes"] + 30, (before, after)

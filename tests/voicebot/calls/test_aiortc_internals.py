"""aiortc hands packets to the jitter buffer that we give it, and to nobody else."""

import asyncio
import inspect

import pytest
from aioice import ice, stun
from aiortc import rtcrtpreceiver

from voicebot.transport.webrtc import aiortc_internals


def test_a_receivers_packets_go_through_its_jitter_buffer():
    handling = inspect.getsource(rtcrtpreceiver.RTCRtpReceiver._handle_rtp_packet)
    assert "= self.__jitter_buffer.add(packet)" in handling
    assert handling.index("self.__jitter_buffer.add") < handling.index("self.__decoder_queue.put")


def test_an_empty_jitter_buffer_lets_nothing_be_decoded():
    handling = inspect.getsource(rtcrtpreceiver.RTCRtpReceiver._handle_rtp_packet)
    assert "if encoded_frame is not None and self.__decoder_thread" in handling


class _Count(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.packets = 0

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.packets += 1


async def test_a_consent_that_is_lost_on_the_way_is_asked_for_again(monkeypatch):
    """At 10 % loss in each direction three in a row go unanswered every few minutes: the call was over."""
    monkeypatch.setattr(stun, "RETRY_RTO", 0.02)
    connection = ice.Connection(ice_controlling=False)
    protocol = await aiortc_internals._bound(connection, "127.0.0.1", None)
    loop = asyncio.get_running_loop()
    transport, count = await loop.create_datagram_endpoint(_Count, local_addr=("127.0.0.1", 0))
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    with pytest.raises(stun.TransactionTimeout):
        await protocol.request(request, transport.get_extra_info("sockname"), retransmissions=0)
    assert count.packets == 3
    transport.close()
    await protocol.close()


def test_aioice_asks_for_consent_in_a_request_that_is_not_sent_again():
    asking = inspect.getsource(ice.Connection.query_consent)
    assert "retransmissions=0" in asking
    assert "CONSENT_FAILURES" in asking

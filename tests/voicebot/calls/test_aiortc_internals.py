"""aiortc hands packets to the jitter buffer that we give it, and to nobody else."""

import asyncio
import inspect
from collections.abc import Callable

import pytest
from aioice import Candidate, ice, stun
from aiortc import (
    RTCCertificate,
    RTCDtlsTransport,
    RTCIceGatherer,
    RTCIceTransport,
    RTCRtpReceiver,
    rtcrtpreceiver,
)
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import RtcpRrPacket, RtpPacket
from pylibsrtp import Policy, Session

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


class Source:
    """A client's side of SRTP: datagrams as they come from its socket, and a call's end that hears them."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, int, bytes]] = []
        dtls = RTCDtlsTransport(RTCIceTransport(RTCIceGatherer([])), [RTCCertificate.generateCertificate()])
        self.receiver = RTCRtpReceiver("audio", dtls)
        self.codecs = {96: RTCRtpCodecParameters("audio/opus", 48_000, 2, 96)}
        setattr(self.receiver, "_RTCRtpReceiver__codecs", self.codecs)  # noqa: B010
        key = bytes(range(30))
        dtls._rx_srtp = Session(Policy(key=key, ssrc_type=Policy.SSRC_ANY_INBOUND))
        self.srtp = Session(Policy(key=key, ssrc_type=Policy.SSRC_ANY_OUTBOUND))
        self.connection = dtls.transport._connection
        self.hear(lambda *packet: self.taken.append(packet))
        self.protocol = aiortc_internals.Protocol(self.connection)
        self.protocol.local_candidate = Candidate("1", 1, "udp", 1, "127.0.0.1", 1, "host")

    def hear(self, take: Callable[..., None]) -> None:
        aiortc_internals.hear(self.receiver, take)

    def packet(self, number: int, payload: bytes, **more: int) -> bytes:
        packet = RtpPacket(96, 0, number, number * 960, **{"ssrc": 7} | more, payload=payload)
        return self.srtp.protect(packet.serialize())

    def send(self, data: bytes) -> None:
        self.protocol.datagram_received(data, ("127.0.0.1", 9))

    @property
    def for_aiortc(self) -> int:
        """How many datagrams aiortc is still to read."""
        return self.connection._queue.qsize()

    @property
    def streams(self) -> dict[int, rtcrtpreceiver.StreamStatistics]:
        return getattr(self.receiver, "_RTCRtpReceiver__remote_streams")  # noqa: B009


async def test_sound_is_heard_as_it_comes_and_nothing_else_is_taken_for_stun(monkeypatch):
    monkeypatch.setattr(ice.stun, "parse_message", None)
    source = Source()
    for number in (5, 6):
        source.send(source.packet(number, b"sound"))
    assert source.taken == [(5, 4800, b"sound"), (6, 5760, b"sound")]
    assert source.for_aiortc == 0
    source.send(bytes([22]) + bytes(40))  # DTLS
    report = RtcpRrPacket(ssrc=7, reports=[])
    source.send(source.srtp.protect_rtcp(bytes(report)))
    assert source.for_aiortc == 2
    assert len(source.taken) == 2


async def test_what_was_lost_of_the_sound_is_still_reported():
    source = Source()
    for number in (1, 2, 3, 5, 6):
        source.send(source.packet(number, b"sound"))
    assert source.streams[7].packets_lost == 1


async def test_sound_with_header_extensions_and_padding_is_read():
    source = Source()
    packet = RtpPacket(96, 0, 1, 960, 7, b"sound")
    packet.padding_size = 4
    header, rest = packet.serialize()[:12], packet.serialize()[12:]
    extension = bytes([0xBE, 0xDE, 0, 1, 0x10, 0x55, 0, 0])
    source.send(source.srtp.protect(bytes([header[0] | 0x10]) + header[1:] + extension + rest))
    assert source.taken == [(1, 960, b"sound")]


async def test_what_is_not_sealed_with_the_calls_key_is_left():
    source = Source()
    source.send(RtpPacket(96, 0, 1, 960, 7, b"sound").serialize() + bytes(10))
    source.send(b"\x80")
    source.send(b"")
    assert (source.taken, source.streams) == ([], {})


async def test_a_client_cannot_number_sources_without_end():
    """With 300 aiortc's report to it raised struct.error, and the receiver could never be stopped again."""
    source = Source()
    for number in range(300):
        source.send(source.packet(1, b"sound", ssrc=100 + number))
    assert len(source.streams) == aiortc_internals.MOST_SOURCES

"""What aiortc and aioice do not offer: other sockets than any, another jitter buffer, fewer words in the log.

`tests/test_library_contract.py` lists what is touched; docs/extending.md says why.
"""

import asyncio
import functools
import logging
import random
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import aiortc.rtcsctptransport as sctp
from aioice import ice
from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from aiortc import RTCPeerConnection, RTCRtpReceiver
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import RTP_HEADER_LENGTH, HeaderExtensions, HeaderExtensionsMap, RtpPacket, is_rtcp
from pylibsrtp import Error as SrtpError

# Bytes of a data chunk, so that the datagram around it passes where 1280 are the most (RFC 8200, section 5):
# aiortc's 1200 do not, and knows no other way to find out (pipecat/transports/smallwebrtc/connection.py).
sctp.USERDATA_MAX_LENGTH = 1100
# Consents (RFC 7675) that may fail in a row, one every 5 s: a dead peer is noticed within 30 s.
ice.CONSENT_FAILURES = 3
CONSENT_RETRIES = 2  # of each, after 0.5 and 1 s: on lossy lines one in five goes without an answer
RECEIVE_BUFFER_BYTES = 256 * 1024  # of a socket: a second of everything that a client may send
REFLEXIVE_SECS = 1.0  # for a STUN server to say which address we have outside
LAST_OF_STUN, FIRST_OF_RTP, LAST_OF_RTP = 3, 128, 191  # of a datagram's first byte: RFC 7983, section 7
MOST_SOURCES = 8  # of sound that one client may number
TRIES = 200  # ports that are tried before it is said that none is free

for chatty in ("aioice", "aiortc"):  # addresses of visitors, packets
    logging.getLogger(chatty).setLevel(logging.WARNING)


class _Tap(JitterBuffer):
    """A jitter buffer that keeps nothing: each packet goes to `take`, and none to aiortc's decoder."""

    def __init__(self, take: Callable[[int, int, bytes], None]):
        super().__init__(capacity=1)
        self._take_packet = take

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        self._take_packet(packet.sequence_number, packet.timestamp, packet.payload)
        return False, None


class _NoExtensions(HeaderExtensionsMap):
    """Reads no header extensions: nothing here asks what they say."""

    def get(self, extension_profile: int, extension_value: bytes) -> HeaderExtensions:
        return _UNREAD


_NO_EXTENSIONS, _UNREAD = _NoExtensions(), HeaderExtensions()


class _Sound:
    """RTP packets on the short way from a socket to `take`; aiortc's leads by a queue and a task for each.

    Reports to the client (RFC 3550, section 6.4) are aiortc's still: it is told of each packet.
    """

    def __init__(self, receiver: RTCRtpReceiver, take: Callable[[int, int, bytes], None]):
        self._receiver, self._take = receiver, take
        self._codecs = getattr(receiver, "_RTCRtpReceiver__codecs")  # noqa: B009
        self._streams = getattr(receiver, "_RTCRtpReceiver__remote_streams")  # noqa: B009

    def takes(self, data: bytes) -> bool:
        """Whether that was a packet of sound, or nothing that can be read; anything else is for aiortc."""
        srtp = self._receiver.transport._rx_srtp
        if srtp is None or not self._codecs or len(data) < RTP_HEADER_LENGTH or is_rtcp(data):
            return False
        try:
            packet = RtpPacket.parse(srtp.unprotect(data), _NO_EXTENSIONS)
        except (SrtpError, ValueError):
            return True
        codec = self._codecs.get(packet.payload_type)
        if codec is None or not self._receiver._enabled:
            return True
        stream = self._streams.get(packet.ssrc)
        if stream is None:
            if len(self._streams) >= MOST_SOURCES:
                return True
            stream = self._streams[packet.ssrc] = StreamStatistics(codec.clockRate)
        stream.add(packet)
        self._take(packet.sequence_number, packet.timestamp, packet.payload)
        return True


class Protocol(ice.StunProtocol):
    """Asks for a consent again that is not answered: aioice asks once, and waits for half a second.

    What cannot be STUN (RFC 7983, section 7) is not parsed as such, which aioice does with every datagram.
    """

    def datagram_received(self, data: Any, addr: tuple[Any, ...]) -> None:
        if not data or data[0] <= LAST_OF_STUN:
            super().datagram_received(data, addr)
            return
        sound: _Sound | None = getattr(self.receiver, "sound", None)
        if not (sound and FIRST_OF_RTP <= data[0] <= LAST_OF_RTP and sound.takes(data)):
            self.receiver.data_received(data, self.local_candidate.component)

    async def request(
        self, request: Any, addr: Any, integrity_key: bytes | None = None, retransmissions: int | None = None
    ) -> Any:
        tries = CONSENT_RETRIES if retransmissions == 0 else retransmissions
        return await super().request(request, addr, integrity_key, tries)


def hear(receiver: RTCRtpReceiver, take: Callable[[int, int, bytes], None]) -> None:
    """Hands `take` sequence number, timestamp and payload of each RTP packet of a receiver."""
    setattr(receiver, "_RTCRtpReceiver__jitter_buffer", _Tap(take))  # noqa: B010
    connection: Any = receiver.transport.transport.iceGatherer._connection
    connection.sound = _Sound(receiver, take)


def has_delivered(peer: RTCPeerConnection) -> bool:
    """Whether everything that was sent over the data channels has been received."""
    return not (peer.sctp and (peer.sctp._outbound_queue or peer.sctp._sent_queue))


def bind_to(
    peer: RTCPeerConnection,
    addresses: Sequence[str],
    ports: tuple[int, int] | None,
    stun_server: tuple[str, int] | None,
) -> None:
    """Binds the sockets of a peer connection to these addresses, within this range of ports."""
    transports = {each.receiver.transport.transport for each in peer.getTransceivers()}
    if peer.sctp:
        transports.add(peer.sctp.transport.transport)
    for transport in transports:
        connection: Any = transport.iceGatherer._connection
        connection.stun_server = stun_server
        connection.gather_candidates = functools.partial(_gather, connection, addresses, ports)


async def _gather(connection: Any, addresses: Sequence[str], ports: tuple[int, int] | None) -> None:
    """As aioice gathers candidates, within our bounds. Raises OSError where no port is free."""
    if connection._local_candidates_start:
        return
    connection._local_candidates_start = True
    found: list[Candidate] = []
    protocols = []
    for address in addresses:
        protocol = await _bound(connection, address, ports)
        host, port = protocol.transport.get_extra_info("sockname")[:2]
        protocol.local_candidate = Candidate(
            foundation=candidate_foundation("host", "udp", host),
            component=1,
            transport="udp",
            priority=candidate_priority(1, "host"),
            host=host,
            port=port,
            type="host",
        )
        protocols.append(protocol)
        found.append(protocol.local_candidate)
    connection._protocols += protocols
    if connection.stun_server:
        asked = [
            asyncio.create_task(ice.server_reflexive_candidate(protocol, connection.stun_server))
            for protocol in protocols
            if ":" not in protocol.local_candidate.host
        ]
        if asked:
            done, late = await asyncio.wait(asked, timeout=REFLEXIVE_SECS)
            found += [task.result()[0] for task in done if task.exception() is None]
            for task in late:
                task.cancel()
    connection._local_candidates += found
    connection._local_candidates_end = True


async def _bound(connection: Any, address: str, ports: tuple[int, int] | None) -> Any:
    """A socket of aioice's at the address. Raises OSError."""
    loop = asyncio.get_running_loop()
    tried = [0]
    if ports:
        within = range(ports[0], ports[1] + 1)
        tried = random.sample(within, min(TRIES, len(within)))
    for port in tried:
        with suppress(OSError):
            transport, protocol = await loop.create_datagram_endpoint(
                lambda: Protocol(connection), local_addr=(address, port)
            )
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES
            )
            return protocol
    raise OSError(f"no port is free at {address}")

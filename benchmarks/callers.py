"""Callers who cost little: Opus that was encoded once for all of them, and nothing of what comes is decoded.

A caller of `tests.callers` encodes and decodes for itself, and one core of them is full before the server is.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from av import Packet

from benchmarks import django_ready  # noqa: F401
from benchmarks.crowd import LiveConnection, parts, post
from tests.visitors import RATE_HZ
from voicebot.transport.webrtc import aiortc_internals
from voicebot.transport.webrtc.opus import FRAME_SECS, Encoder

CLOCK_HZ = 48_000  # of RTP timestamps: RFC 7587, section 4.1
DTX_BYTES = 2  # a packet of at most so many bytes says that there is silence
VOICE_BYTES = 30  # a packet of more has sound in it; the voice takes some 80
Packets = list[bytes | None]


def script(*, pauses: bool) -> list[tuple[str, Packets]]:
    """One round, 20 ms a packet. With `pauses` hardly anything is sent in silence, as browsers do."""
    encoder, silent = Encoder(RATE_HZ), False
    size = encoder.frame_bytes
    found = []
    for name, pcm in parts():
        sound, packets = pcm.tobytes(), list[bytes | None]()
        for at in range(0, len(sound), size):
            packet = encoder.encode(sound[at : at + size].ljust(size, b"\0"))
            quiet = len(packet) <= DTX_BYTES
            packets.append(None if pauses and quiet and silent else packet)
            silent = quiet
        found.append((name, packets))
    return found


class Line(MediaStreamTrack):
    """Packets as they are put."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._packets: asyncio.Queue[Packet] = asyncio.Queue()
        self._at = 0

    def put(self, data: bytes | None) -> None:
        """20 ms later: a packet, or none."""
        if data is not None:
            packet = Packet(data)
            packet.pts, packet.time_base = self._at, Fraction(1, CLOCK_HZ)
            self._packets.put_nowait(packet)
        self._at += int(FRAME_SECS * CLOCK_HZ)

    async def recv(self) -> Packet:
        return await self._packets.get()


class CalledConnection(LiveConnection):
    """A visitor as `LiveConnection`, by a call; its rounds are those of `script` here."""

    def _voice(self, _: int, __: int, packet: bytes) -> None:
        if len(packet) > VOICE_BYTES and self.asked_at is not None:
            self.tally.latency.append(time.perf_counter() - self.asked_at)
            self.asked_at = None

    @asynccontextmanager
    async def connected(self, url: str) -> AsyncIterator[Line]:
        way, connected_at = json.loads(url), time.perf_counter()
        peer, line, opened = RTCPeerConnection(), Line(), asyncio.Event()
        transceiver = peer.addTransceiver(line)
        channel = peer.createDataChannel("chat")
        channel.on("open", opened.set)
        channel.on("message", lambda text: self.read(json.loads(text), connected_at))
        try:
            await peer.setLocalDescription(await peer.createOffer())
            offer = {
                "sdp": peer.localDescription.sdp,
                "type": "offer",
                "pc_id": None,
                "restart_pc": False,
                "requestData": way["webrtcRequestParams"]["requestData"],
            }
            answer = await asyncio.to_thread(post, way["webrtcRequestParams"]["endpoint"], offer)
            aiortc_internals.hear(transceiver.receiver, self._voice)
            await peer.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
            await asyncio.wait_for(opened.wait(), 30)
            ready = {"version": "2.0.0", "about": {"library": "crowd"}}
            channel.send(json.dumps({"label": "rtvi-ai", "type": "client-ready", "id": "1", "data": ready}))
            yield line
        finally:
            await peer.close()

    async def send(self, socket: Any, messages: list[Any], due: float) -> float:
        for message in messages:
            socket.put(message)
            due += FRAME_SECS
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        return due


def way_in(start: str, character: str, cookie: str = "") -> str:
    """What a start by WebRTC answers, as text, for `connected`."""
    return json.dumps(post(start, {"transport": "webrtc", "body": {"character": character}}, cookie))

"""A call: one peer connection, as the line of a connection and as the source of what its client sends."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from typing import Any

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.sdp import candidate_from_sdp
from loguru import logger
from pipecat.frames.frames import (
    Frame,
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
)

from voicebot.ops import TooMuch
from voicebot.transport import serializer
from voicebot.transport.webrtc import aiortc_internals, descriptions
from voicebot.transport.webrtc.hearing import RATE_HZ, Hearing
from voicebot.transport.webrtc.network import Network
from voicebot.transport.webrtc.voice_track import VoiceTrack

Received = serializer.Audio | dict[str, Any]

MOST_RECEIVED = 600  # packets and messages that wait to be taken: ten seconds
MOST_MESSAGE_BYTES = 64 * 1024  # that a client may send at once, as at the socket
MOST_UNSENT_BYTES = 4 * 1024 * 1024  # of messages: a client that reads nothing has gone
GOODBYE_SECS = 3.0  # for the last messages to reach the client, behind a flood of its own
SIGNALLING = "signalling"  # messages between Pipecat's transports, beside RTVI


class Call:
    """One peer connection with one client. It is let go of by `close`, on every way out."""

    def __init__(self, call_id: str, visitor: str, network: Network):
        self.id, self.visitor, self._network = call_id, visitor, network
        self._peer = RTCPeerConnection(
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self._channel: RTCDataChannel | None = None
        self._received: asyncio.Queue[tuple[Received, int] | Exception | None] = asyncio.Queue()
        self._opened = asyncio.Event()
        self._gone = self._flooded = False
        self._candidates = 0
        self._closing: asyncio.Task | None = None
        self._hearing = Hearing(self._hear)
        self._track = VoiceTrack(self._loss)
        self._sound = self._peer.addTransceiver(self._track, direction="sendrecv")
        opus = [codec for codec in RTCRtpSender.getCapabilities("audio").codecs if codec.name == "opus"]
        self._sound.setCodecPreferences(opus)
        self._peer.on("datachannel", self._on_channel)
        self._peer.on("connectionstatechange", self._on_state)

    # --- how it comes about ---

    async def answer(self, sdp: str) -> str:
        """The answer to a client's offer, or to its next one. Raises OfferError."""
        offer = descriptions.checked_offer(sdp, self.visitor)
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        except Exception as error:  # aiortc's parser asserts, splits and counts
            raise descriptions.OfferError("an offer that cannot be read") from error
        for transceiver in self._peer.getTransceivers():
            if transceiver is not self._sound:
                transceiver.direction = "inactive"
        network = self._network
        addresses = network.addresses(self.visitor)
        aiortc_internals.bind_to(self._peer, addresses, network.ports, network.stun_server)
        aiortc_internals.hear(self._sound.receiver, self._hearing.add)
        await self._peer.setLocalDescription(await self._peer.createAnswer())
        return descriptions.finished_answer(self._peer.localDescription.sdp, network.announced, self.visitor)

    async def add_candidate(self, candidate: str, mid: str | None, index: int | None) -> None:
        """One more of the client's addresses, '' behind the last. Raises OfferError."""
        if self._gone or not candidate:
            return
        self._candidates += 1
        if self._candidates > descriptions.MOST_CANDIDATES:
            raise descriptions.OfferError("more candidates than any client has")
        text = candidate.removeprefix("candidate:")
        if not descriptions.candidate_is_reachable(text, self.visitor):
            return
        try:
            parsed = candidate_from_sdp(text)
            parsed.sdpMid, parsed.sdpMLineIndex = mid, index
            await self._peer.addIceCandidate(parsed)
        except Exception as error:  # as for an offer
            raise descriptions.OfferError("a candidate that is none") from error

    async def opened(self, secs: float) -> bool:
        """Waits until the client is there; False if it is gone, or that takes longer than so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._opened.wait(), secs)
        return self._opened.is_set() and not self._gone

    def _on_state(self) -> None:
        if self._peer.connectionState in ("failed", "closed"):
            self._go()

    def _on_channel(self, channel: RTCDataChannel) -> None:
        if self._channel is None:
            self._channel = channel
            channel.on("message", self._on_message)
            channel.on("close", self._go)
            self._opened.set()

    def _go(self) -> None:
        """The client has gone."""
        if not self._gone:
            self._gone = True
            self._opened.set()
            self._received.put_nowait(None)

    # --- what the client sends ---

    async def receive(self) -> tuple[Received, int] | None:
        """What comes next, and how many bytes it had; None once the client has gone.

        Raises WireError, or TooMuch: then there is no more to come.
        """
        found = await self._received.get()
        if isinstance(found, Exception):
            raise found
        return found

    def _put(self, item: tuple[Received, int] | Exception) -> None:
        if self._gone or self._flooded or not self._opened.is_set():
            return
        if self._received.qsize() >= MOST_RECEIVED:
            item, self._flooded = TooMuch(), True  # nothing behind it is taken
        self._received.put_nowait(item)

    def _hear(self, pcm: bytes) -> None:
        self._put((serializer.Audio(pcm, RATE_HZ, 1), len(pcm)))

    def _on_message(self, data: str | bytes) -> None:
        if isinstance(data, str) and data.startswith("ping"):  # Pipecat's client, once a second
            return
        try:
            if not isinstance(data, str):
                raise serializer.WireError(serializer.UNSUPPORTED_DATA, "no binary messages: send RTVI")
            if len(data) > MOST_MESSAGE_BYTES:
                raise serializer.WireError(serializer.TOO_BIG, "a message that is longer than any client's")
            message = serializer.message(data, beside=(SIGNALLING,))
        except serializer.WireError as error:
            self._put(error)
            return
        if message is not None:
            self._put((message, len(data)))

    def while_it_matters(self, listens: Callable[[], bool]) -> None:
        """A client that sends nothing is heard as silent while `listens` says that this matters."""
        self._hearing.listens = listens

    # --- the line ---

    async def send(self, frame: Frame) -> bool:
        if isinstance(frame, OutputAudioRawFrame):
            self._track.add(frame.audio, frame.sample_rate)
        elif isinstance(frame, InterruptionFrame):
            self._track.drop()
        elif isinstance(frame, OutputTransportMessageFrame | OutputTransportMessageUrgentFrame):
            self._tell(json.dumps(frame.message))
        return not self._gone

    def drop(self) -> None:
        self._track.drop()

    def _tell(self, text: str) -> None:
        channel = self._channel
        if self._gone or channel is None or channel.readyState != "open":
            return
        if channel.bufferedAmount > MOST_UNSENT_BYTES:
            self._go()
            return
        try:
            channel.send(text)
        except ValueError:  # longer than the client takes
            logger.warning(f"a message of {len(text)} characters is more than a client takes")

    async def _loss(self) -> int | None:
        """How many of a hundred packets the client says it has lost lately: 0 only if it has lost none."""
        stats = await self._sound.sender.getStats()
        found = [one.fractionLost for one in stats.values() if one.type == "remote-inbound-rtp"]
        return ceil(found[-1] * 100 / 256) if found else None

    # --- its end ---

    async def close(self, code: int = 0, reason: str = "") -> None:
        """Tells the client why, where there is a code, and lets go of everything. May be called again."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(code, reason))
        await asyncio.shield(self._closing)

    @property
    def _delivered(self) -> bool:
        return aiortc_internals.has_delivered(self._peer)

    async def _close(self, code: int, reason: str) -> None:
        self._hearing.close()
        self._track.drop()
        if code:
            data = {"type": "closed", "code": code, "reason": reason}
            self._tell(json.dumps({"label": "rtvi-ai", "type": "server-message", "data": data}))
            self._tell(json.dumps({"type": SIGNALLING, "message": {"type": "peerLeft"}}))
            until = time.monotonic() + GOODBYE_SECS
            while not self._gone and not self._delivered and time.monotonic() < until:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        self._go()
        self._track.stop()
        await self._peer.close()

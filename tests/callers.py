"""A visitor who calls by WebRTC: aiortc's client, with what `tests.visitors.Visitor` has over a socket."""

import asyncio
import json
import time
import uuid
from fractions import Fraction
from typing import Any

import numpy as np
from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from tests.patience import PATIENCE_SECS
from tests.servers import Answer, Server
from tests.visitors import AUDIBLE, RATE_HZ, Visitor, speech

FRAME = 320  # samples: 20 ms


class Microphone(MediaStreamTrack):
    """Silence, and what is to be said, at the speed of speech."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.words = np.zeros(0, np.int16)
        self._at, self._begun = 0, time.monotonic()
        self.said = asyncio.Event()

    def say(self, pcm: np.ndarray) -> None:
        self.said.clear()
        self.words = np.concatenate([self.words, pcm])

    async def recv(self) -> AudioFrame:
        await asyncio.sleep(max(0.0, self._begun + self._at / RATE_HZ - time.monotonic()))
        now, self.words = self.words[:FRAME], self.words[FRAME:]
        if not len(self.words):
            self.said.set()
        frame = AudioFrame(format="s16", layout="mono", samples=FRAME)
        frame.planes[0].update(np.pad(now, (0, FRAME - len(now))).astype(np.int16).tobytes())
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, self._at, Fraction(1, RATE_HZ)
        self._at += FRAME
        return frame


class Caller(Visitor):
    """One call: `async with Caller(server, way) as caller`; `way` is what `POST /api/start` answered."""

    def __init__(self, server: Server, way: dict[str, Any], **headers: str):
        super().__init__("")
        self.server, self.way, self.headers = server, way, headers
        self.params = way["webrtcRequestParams"]
        self.call_id = ""
        self.configuration: RTCConfiguration | None = None
        self.microphone = Microphone()
        self.open = asyncio.Event()
        self._times: list[float] = []  # of each message
        self._hearing: asyncio.Task | None = None

    def only_relay(self) -> None:
        """As from a network that lets nothing through but the TURN server which the way in names."""
        servers = [RTCIceServer(**server) for server in self.way["iceConfig"]["iceServers"]]
        self.configuration = RTCConfiguration(servers, iceTransportPolicy=RTCIceTransportPolicy.RELAY)

    async def offer(self, *, restart: bool = False) -> dict[str, Any]:
        """What goes to the server."""
        if restart:
            self.peer.remove_all_listeners()
            self.channel.remove_all_listeners()
        self.peer = RTCPeerConnection(self.configuration)
        self.peer.addTrack(self.microphone)
        self.channel = self.peer.createDataChannel("chat", ordered=True)
        self.channel.on("open", self.open.set)
        self.channel.on("message", self._heard)
        self.channel.on("close", self._lost)
        self.peer.on("track", self._on_track)
        self.peer.on("connectionstatechange", self._on_state)
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return {
            "sdp": self.peer.localDescription.sdp,
            "type": "offer",
            "pc_id": self.call_id or None,
            "restart_pc": restart,
            "requestData": self.params["requestData"],
        }

    async def ask(self, offer: dict[str, Any], method: str = "POST") -> Answer:
        path = "/" + self.params["endpoint"].split("/", 3)[3]
        return await asyncio.to_thread(self.server.request, path, offer, method=method, **self.headers)

    async def connect(self, *, restart: bool = False) -> Answer:
        answer = await self.ask(await self.offer(restart=restart))
        if answer.status == 200:
            self.call_id = answer.json["pc_id"]
            await self.peer.setRemoteDescription(RTCSessionDescription(answer.json["sdp"], "answer"))
            await asyncio.wait_for(self.open.wait(), PATIENCE_SECS)
        return answer

    async def __aenter__(self) -> "Caller":
        answer = await self.connect()
        assert answer.status == 200, answer.body
        return self

    async def __aexit__(self, *_: Any) -> None:
        if self._hearing:
            self._hearing.cancel()
        await self.peer.close()

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._hearing = asyncio.create_task(self._hear(track))

    async def _hear(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                pcm = frame.to_ndarray().reshape(-1)[::2].copy()
                self.pcm.append(pcm)
                if np.abs(pcm).max(initial=0) > AUDIBLE:
                    self.audible_at.append(time.monotonic())
                self._news.set()
        except MediaStreamError:
            pass

    def _heard(self, text: str) -> None:
        message = json.loads(text)
        if message.get("type") == "signalling":
            if message["message"]["type"] == "peerLeft":
                self._lost()
            return
        self.messages.append(message)
        self._times.append(time.monotonic())
        self._news.set()

    def _on_state(self) -> None:
        if self.peer.connectionState in ("closed", "failed"):
            self._lost()

    def _lost(self) -> None:
        if self.closed is None:
            told = self.server_messages("closed")
            self.closed = (told[-1]["code"], told[-1]["reason"]) if told else (1006, "")
            self._news.set()

    async def send(self, kind: str, data: Any = None) -> None:
        self.channel.send(
            json.dumps({"label": "rtvi-ai", "type": kind, "id": uuid.uuid4().hex, "data": data or {}})
        )

    async def get_ready(self) -> dict[str, Any]:
        await self.send("client-ready", {"version": "2.2.0", "about": {"library": "tests"}})
        await self.until(lambda: self.server_messages("session"))
        return self.server_messages("session")[0]

    def told_at(self, kind: str) -> float:
        """When the first server message of this kind came, in monotonic seconds."""
        told = zip(self.messages, self._times, strict=True)
        return next(at for message, at in told if (message.get("data") or {}).get("type") == kind)

    async def greeted(self) -> None:
        await self.get_ready()
        await self.until(lambda: self.of("bot-stopped-speaking"))

    async def speak(self, pcm: np.ndarray | None = None, silence_secs: float = 0.0) -> None:
        self.microphone.say(speech() if pcm is None else pcm)
        await self.microphone.said.wait()
        await asyncio.sleep(silence_secs)


def way_in(server: Server, character: str = "captain-marlow", **more: Any) -> tuple[dict[str, Any], Answer]:
    """The answer to a start by WebRTC."""
    answer = server.request("/api/start", {"transport": "webrtc", "body": {"character": character, **more}})
    assert answer.status == 200, answer.body
    return answer.json, answer

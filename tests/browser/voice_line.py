"""A page's microphone that speaks when a test wants it to, and all that comes over the page's WebSocket.

The server's messages and its audio come over one line, in the order of the conversation: where a reply begins
and ends is read there, however long the machine takes for it.
"""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import soxr
from pipecat.frames.protobufs import frames_pb2

from tests.visitors import RATE_HZ

MICROPHONE = """
const context = new AudioContext();
const ear = new MediaStreamAudioDestinationNode(context);
navigator.mediaDevices.getUserMedia = async () =>
  new MediaStream(ear.stream.getAudioTracks().map((track) => track.clone()));
window.say = async (pcm, rate) => {
  await context.resume();
  const samples = new Int16Array(Uint8Array.from(atob(pcm), (c) => c.charCodeAt(0)).buffer);
  const sound = context.createBuffer(1, samples.length, rate);
  sound.getChannelData(0).set(Float32Array.from(samples, (sample) => sample / 32768));
  const source = new AudioBufferSourceNode(context, { buffer: sound });
  source.connect(ear);
  source.start();
};
"""


async def say(page: Any, pcm: np.ndarray) -> None:
    """Speaks into the microphone of a page that was opened with MICROPHONE."""
    words = base64.b64encode(pcm.astype(np.int16).tobytes()).decode()
    await page.evaluate("([pcm, rate]) => window.say(pcm, rate)", [words, RATE_HZ])


class VoiceLine:
    """What a page receives: `messages` of RTVI and `sounds`, each with its place among all."""

    def __init__(self, page: Any):
        self.messages: list[tuple[int, dict[str, Any]]] = []
        self.sounds: list[tuple[int, int, np.ndarray]] = []  # with its rate in Hz: mono int16 PCM
        self._news = asyncio.Event()
        page.on("websocket", lambda line: line.on("framereceived", self._take))

    @property
    def place(self) -> int:
        """Of what comes next."""
        return len(self.messages) + len(self.sounds)

    def _take(self, payload: bytes | str) -> None:
        frame = frames_pb2.Frame.FromString(payload if isinstance(payload, bytes) else payload.encode())
        kind = frame.WhichOneof("frame")
        if kind == "message":
            self.messages.append((self.place, json.loads(frame.message.data)))
        elif kind == "audio":
            pcm = np.frombuffer(frame.audio.audio, np.int16)
            self.sounds.append((self.place, frame.audio.sample_rate, pcm))
        self._news.set()

    def of(self, kind: str, since: int = 0) -> list[dict[str, Any]]:
        """The data of all messages of a kind."""
        return [
            message.get("data") or {}
            for place, message in self.messages
            if place >= since and message["type"] == kind
        ]

    def heard(self, since: int) -> str:
        """What the visitor said, as the server has it for good."""
        return "".join(one["text"] for one in self.of("user-transcription", since) if one["final"])

    def segments(self, since: int) -> dict[int, dict[str, Any]]:
        """The pieces of what the character says, as they were told of last."""
        return {one["segment_id"]: one for one in self.of("bot-output", since) if "segment_id" in one}

    def told(self, since: int) -> str:
        """The words of all that the character has said to its end."""
        return " ".join(
            one["text"] for one in self.segments(since).values() if one["spoken_status"] == "completed"
        )

    def sound(self, since: int) -> np.ndarray:
        """The character's voice: mono int16 PCM at RATE_HZ."""
        packets = [(rate_hz, pcm) for place, rate_hz, pcm in self.sounds if place >= since]
        (rate_hz,) = {rate_hz for rate_hz, _pcm in packets}
        joined = np.concatenate([pcm for _rate_hz, pcm in packets]).astype(np.float64)
        return np.clip(soxr.resample(joined, rate_hz, RATE_HZ), -32768, 32767).astype(np.int16)

    def rests(self, since: int) -> bool:
        """The character has said something, all that it has begun, and its voice has stopped."""
        voice = [
            message["type"]
            for place, message in self.messages
            if place >= since and message["type"] in ("bot-started-speaking", "bot-stopped-speaking")
        ]
        pieces = self.segments(since).values()
        over = bool(pieces) and all(one["spoken_status"] == "completed" for one in pieces)
        return over and voice[-1:] == ["bot-stopped-speaking"]

    async def until(self, true: Callable[[], bool], secs: float) -> None:
        async with asyncio.timeout(secs):
            while not true():
                self._news.clear()
                await self._news.wait()

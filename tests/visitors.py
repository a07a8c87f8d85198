"""A visitor of flesh and protobuf: connects, speaks in real time, and notes what comes back."""

import asyncio
import json
import time
import uuid
import wave
from pathlib import Path
from typing import Any

import numpy as np
import websockets
from pipecat.frames.protobufs import frames_pb2

from tests.patience import PATIENCE_SECS

RATE_HZ = 16_000
CHUNK = 512
AUDIBLE = 500  # int16 amplitude above which a sample counts as sound
SPEECH = Path(__file__).parent / "speech.wav"  # "Hello there, can you tell me a story about a dragon?"


def speech() -> np.ndarray:
    with wave.open(str(SPEECH)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)


def question() -> np.ndarray:
    """What is asked in it, without a pause: "can you tell me a story about a dragon?"."""
    return speech()[int(0.87 * RATE_HZ) :]


def audio_message(pcm: np.ndarray, rate_hz: int = RATE_HZ, channels: int = 1) -> bytes:
    frame = frames_pb2.Frame()
    frame.audio.audio = pcm.astype(np.int16).tobytes()
    frame.audio.sample_rate, frame.audio.num_channels = rate_hz, channels
    return frame.SerializeToString()


def rtvi_message(kind: str, data: Any = None, message_id: str = "") -> bytes:
    frame = frames_pb2.Frame()
    frame.message.data = json.dumps(
        {"label": "rtvi-ai", "type": kind, "id": message_id or uuid.uuid4().hex, "data": data or {}}
    )
    return frame.SerializeToString()


class Visitor:
    """One connection. Use as `async with Visitor(url) as visitor`."""

    def __init__(self, url: str, **options: Any):
        self.url, self.options = url, options
        self.messages: list[dict[str, Any]] = []
        self.audible_at: list[float] = []  # monotonic seconds of each audible chunk
        self.pcm: list[np.ndarray] = []
        self.interruptions = 0
        self.closed: tuple[int, str] | None = None
        self._news = asyncio.Event()

    async def __aenter__(self) -> "Visitor":
        self.socket = await websockets.connect(
            self.url, compression=None, max_size=None, open_timeout=20, **self.options
        )
        self._ear = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: Any) -> None:
        self._ear.cancel()
        await self.socket.close()

    async def _listen(self) -> None:
        try:
            async for data in self.socket:
                self._take(frames_pb2.Frame.FromString(data))
                self._news.set()
        except websockets.ConnectionClosed:
            pass
        finally:
            self.closed = (self.socket.close_code or 1006, self.socket.close_reason or "")
            self._news.set()

    def _take(self, frame: Any) -> None:
        kind = frame.WhichOneof("frame")
        if kind == "message":
            self.messages.append(json.loads(frame.message.data))
        elif kind == "interruption":
            self.interruptions += 1
        elif kind == "audio":
            pcm = np.frombuffer(frame.audio.audio, dtype=np.int16)
            self.pcm.append(pcm)
            if np.abs(pcm).max(initial=0) > AUDIBLE:
                self.audible_at.append(time.monotonic())

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]

    def server_messages(self, kind: str) -> list[dict[str, Any]]:
        return [m["data"] for m in self.of("server-message") if m["data"].get("type") == kind]

    @property
    def hears_speech(self) -> bool:
        """Whether the character is speaking, as far as it has told."""
        for message in reversed(self.messages):
            if message["type"] in ("bot-started-speaking", "bot-stopped-speaking"):
                return message["type"] == "bot-started-speaking"
        return False

    async def until(self, true: Any, secs: float = PATIENCE_SECS) -> None:
        """Waits until `true()` holds; fails after `secs`."""
        async with asyncio.timeout(secs):
            while not true():
                assert self.closed is None or true(), f"closed: {self.closed}"
                self._news.clear()
                await self._news.wait()

    async def until_closed(self, secs: float = PATIENCE_SECS) -> tuple[int, str]:
        async with asyncio.timeout(secs):
            while self.closed is None:
                self._news.clear()
                await self._news.wait()
        return self.closed

    async def get_ready(self) -> dict[str, Any]:
        """Says that it is ready, and waits for the session message."""
        await self.socket.send(
            rtvi_message("client-ready", {"version": "2.2.0", "about": {"library": "tests"}})
        )
        await self.until(lambda: self.server_messages("session"))
        return self.server_messages("session")[0]

    async def speak(self, pcm: np.ndarray | None = None, silence_secs: float = 0.0) -> None:
        """Sends speech (or `pcm`) at the speed of speech, and silence after it."""
        words = speech() if pcm is None else pcm
        words = np.concatenate([words, np.zeros(int(silence_secs * RATE_HZ), np.int16)])
        due = time.monotonic()
        for start in range(0, len(words) - CHUNK + 1, CHUNK):
            await self.socket.send(audio_message(words[start : start + CHUNK]))
            due += CHUNK / RATE_HZ
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def ask(self, secs: float = PATIENCE_SECS) -> float:
        """Speaks once and waits for an audible answer; the seconds from the end of speech to it."""
        before = len(self.of("bot-llm-started"))
        await self.speak()
        ended = time.monotonic()
        silence = asyncio.create_task(self.speak(np.zeros(int(secs * RATE_HZ), np.int16)))
        try:
            await self.until(lambda: len(self.of("bot-llm-started")) > before, secs)
            count = len(self.audible_at)
            await self.until(lambda: len(self.audible_at) > count, secs)
        finally:
            silence.cancel()
        return self.audible_at[-1] - ended

"""A stand-in for Google's Gemini Live, that speaks its protocol and refuses what the API would refuse.

https://ai.google.dev/api/live. What clients send is read by the models of Google's own package, as what is
told them is; a session that is told what it does not take is closed with 1007, as the API does.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web
from google.genai import types

from tests.voicebot.gemini.live_session import INTERNAL, Listening
from tests.voicebot.http_server import serving
from tests.voicebot.realtime_server import CHUNK_SECS, LETTERS_PER_SEC, tone
from tests.voicebot.realtime_session import RATE_HZ
from voicebot.providers.speech_to_speech.gemini.wire import PATH

Answer = tuple[str, Any]  # say, call, drop, hang, refuse, and with what
WAV = (
    b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\xc0]\0\0\x80\xbb\0\0\x02\0\x10\0data\xff\xff\xff\xff"
)


def encoded(pcm: bytes) -> dict[str, str]:
    return {"mimeType": f"audio/pcm;rate={RATE_HZ}", "data": base64.b64encode(pcm).decode()}


class Session(Listening):
    """One that answers, too."""

    async def respond(self) -> None:
        try:
            kind, what = self.server.answer_to(self)
            reason = {}
            if kind == "drop":
                await self.socket.close(code=INTERNAL, message=b"it was said: hush")
                return
            if kind == "hang":
                await asyncio.sleep(3600)
            if kind == "call":
                await self.call(what)
                return
            if kind == "refuse":
                reason = {"turnCompleteReason": what}
            else:
                await self.speak(what)
                await self.tell(serverContent={"generationComplete": True})
        except asyncio.CancelledError:
            await self.tell(serverContent={"interrupted": True})
            reason = {}
        await self.tell(serverContent={"turnComplete": True, **reason}, usageMetadata=self.used())

    def used(self) -> dict[str, Any]:
        tokens = len(self.instructions) // 4 + sum(len(words) // 4 + 3 for _role, words in self.said)
        self.usage.append(tokens)
        sound = [{"modality": "AUDIO", "tokenCount": 40}, {"modality": "TEXT", "tokenCount": 10}]
        return {
            "promptTokenCount": tokens,
            "responseTokenCount": 50,
            "totalTokenCount": tokens + 50,
            "responseTokensDetails": sound,
        }

    async def call(self, functions: list[tuple[str, Any]]) -> None:
        calls = []
        for name, arguments in functions:
            assert name in self.tools
            calls.append({"id": f"call-{self.number}-{next(self.names)}", "name": name, "args": arguments})
            self.calls[calls[-1]["id"]] = name
        await self.tell(toolCall={"functionCalls": calls}, usageMetadata=self.used())

    async def speak(self, text: str) -> None:
        """Sound and its words, faster than they are spoken. What was sent is known to the session."""
        self.said.append(("model", ""))
        at = len(self.said) - 1
        for word in text.split(" "):
            if self.server.breaks_after and self.server.breaks_after in self.said[at][1]:
                self.server.breaks_after = ""
                await self.socket.close(code=INTERNAL)
                return
            self.said[at] = ("model", f"{self.said[at][1]} {word}".strip())
            await self.tell(serverContent={"outputTranscription": {"text": word + " "}})
            left = (len(word) + 1) / LETTERS_PER_SEC
            while left > 0:
                secs = min(left, CHUNK_SECS)
                left -= secs
                parts = [{"inlineData": encoded(tone(secs))}]
                await self.tell(serverContent={"modelTurn": {"role": "model", "parts": parts}})
                await asyncio.sleep(secs / self.server.speed)


class Gemini:
    """The server. `answers` are taken one by one, then `reply`; `hears` are words of pieces of speech."""

    def __init__(self) -> None:
        self.connections: list[Session] = []
        self.answers: list[Answer] = []
        self.reply = "Ahoy there. The sea is wide today."
        self.hears: list[str] = []
        self.heard_secs: list[float] = []
        self.errors: list[str] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []  # beside sessions: model, what was asked
        self.keys: set[str] = set()
        self.refuses = 0  # so many connections
        self.deaf = False  # tells no words
        self.breaks_after = ""
        self.transcribing_secs = 0.05
        self.speed = 8.0
        self.url = ""
        self.on_write: Callable[[dict[str, Any]], str] = lambda _asked: "Summary: they met at sea."

    @property
    def sessions(self) -> list[Session]:
        """Those that answer."""
        return [each for each in self.connections if each.setup and not each.transcribes]

    @property
    def session(self) -> Session:
        return self.sessions[-1]

    def answer_to(self, _session: Session) -> Answer:
        return self.answers.pop(0) if self.answers else ("say", self.reply)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        self.keys.add(request.headers.get("x-goog-api-key", ""))
        if self.refuses:
            self.refuses -= 1
            return web.json_response({"error": {"status": "UNAVAILABLE"}}, status=503)
        socket = web.WebSocketResponse(max_msg_size=16 * 2**20)
        await socket.prepare(request)
        session = Session(self, socket, len(self.connections))
        self.connections.append(session)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await session.take(json.loads(message.data))
        finally:
            for task in list(session.tasks):
                task.cancel()
        return socket

    async def generate(self, request: web.Request) -> web.StreamResponse:
        self.keys.add(request.headers.get("x-goog-api-key", ""))
        model, _, method = request.match_info["call"].partition(":")
        asked = await request.json()
        if method != "streamGenerateContent" or request.query.get("alt") != "sse":
            return web.json_response({"error": {"code": 404}}, status=404)
        for content in asked["contents"]:
            types.Content.model_validate(content)
        types.GenerationConfig.model_validate(asked.get("generationConfig", {}))
        self.requests.append((model, asked))
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        if model.endswith("-tts"):
            text = asked["contents"][0]["parts"][0]["text"]
            sound = WAV + tone(len(text) / LETTERS_PER_SEC)
            pieces = [sound[at : at + 9600] for at in range(0, len(sound), 9600)]
            parts = [{"inlineData": {**encoded(piece), "mimeType": "audio/wav"}} for piece in pieces]
        else:
            parts = [{"text": word + " "} for word in self.on_write(asked).split(" ")]
        for part in parts:
            piece: dict[str, Any] = {"candidates": [{"content": {"role": "model", "parts": [part]}}]}
            if part is parts[-1]:
                piece["usageMetadata"] = {"promptTokenCount": 20, "candidatesTokenCount": 9}
            await answer.write(f"data: {json.dumps(piece)}\r\n\r\n".encode())
        return answer


@asynccontextmanager
async def gemini_server() -> AsyncIterator[Gemini]:
    server = Gemini()
    app = web.Application()
    app.router.add_get(PATH, server.connect)
    app.router.add_post("/v1beta/models/{call}", server.generate)
    async with serving(app) as port:
        server.url = f"http://127.0.0.1:{port}"
        yield server

"""A stand-in for OpenAI's Realtime API, that speaks its protocol and refuses what the API would refuse.

https://platform.openai.com/docs/api-reference/realtime-client-events and -server-events. What clients send is
read by Pipecat's models of the events, which are strict about types.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web

from tests.voicebot.http_server import serving
from tests.voicebot.realtime_session import RATE_HZ, Item, Listening

LETTERS_PER_SEC = 15
CHUNK_SECS = 0.1
Answer = tuple[str, Any]  # say, mute, break, call, fail, drop or hang, and with what


def tone(secs: float) -> bytes:
    """Mono int16 PCM at 24 kHz."""
    at = np.arange(int(secs * RATE_HZ))
    return (np.sin(at * 2 * np.pi * 330 / RATE_HZ) * 8000).astype("<i2").tobytes()


class Session(Listening):
    """One WebSocket that answers, too."""

    # --- responses ---

    async def respond(self, wish: dict[str, Any], *, apart: bool) -> None:
        task = asyncio.current_task()
        name = self.new_name("resp")
        assert task
        task.set_name(name)
        response = {"id": name, "object": "realtime.response", "metadata": wish.get("metadata")}
        await self.tell("response.created", response={**response, "status": "in_progress", "output": []})
        status, details = "completed", None
        tokens = 0 if apart else sum(item.tokens for item in self.items.values())
        tokens += len(wish.get("instructions") or self.config.get("instructions") or "") // 4
        self.usage += [] if apart else [tokens]
        try:
            kind, what = self.server.answer_to(self, wish, apart=apart)
            if kind == "drop":
                await self.socket.close(code=1011)
                return
            if kind == "hang":
                await asyncio.sleep(3600)
            if kind == "fail":
                status, details = (
                    "failed",
                    {"type": "failed", "error": {"type": "server_error", "code": what}},
                )
            elif kind == "break":
                await self.speak(name, what, apart=apart)
                status, details = "incomplete", {"type": "incomplete", "reason": "content_filter"}
            elif kind == "mute":
                await self.speak(name, what, apart=apart, mute=True)
                await asyncio.sleep(3600)
            elif kind == "call":
                for function, arguments in what:
                    await self.call(name, function, arguments)
            elif wish.get("output_modalities") == ["text"]:
                await self.write(name, what, apart=apart)
            else:
                await self.speak(name, what, apart=apart)
        except asyncio.CancelledError:
            status, details = "cancelled", {"type": "cancelled", "reason": "client_cancelled"}
        usage = {
            "total_tokens": tokens + 50,
            "input_tokens": tokens,
            "output_tokens": 50,
            "input_token_details": {"cached_tokens": 0, "text_tokens": tokens, "audio_tokens": 0},
            "output_token_details": {"text_tokens": 10, "audio_tokens": 40},
        }
        done = {**response, "status": status, "status_details": details, "output": [], "usage": usage}
        await self.tell("response.done", response=done)

    async def call(self, name: str, function: str, arguments: Any) -> None:
        call_id = self.new_name("call")
        self.server.calls.add(call_id)
        item = self.add(Item(self.new_name("item"), "call", function))
        told = {"id": item.id, "type": "function_call", "call_id": call_id, "name": function}
        about = {"response_id": name, "output_index": 0}
        await self.tell("response.output_item.added", **about, item={**told, "arguments": ""})
        text = json.dumps(arguments)
        await self.tell(
            "response.function_call_arguments.done", **about, item_id=item.id, call_id=call_id, arguments=text
        )
        await self.tell("response.output_item.done", **about, item={**told, "arguments": text})

    async def write(self, name: str, text: str, *, apart: bool) -> None:
        item = Item(self.new_name("item"), "assistant", text)
        if not apart:
            self.add(item)
        about = {"response_id": name, "item_id": item.id, "output_index": 0, "content_index": 0}
        for word in text.split(" "):
            await self.tell("response.output_text.delta", **about, delta=word + " ")

    async def speak(self, name: str, text: str, *, apart: bool, mute: bool = False) -> None:
        """Words a little ahead of their sound, both faster than they are spoken."""
        item = Item(self.new_name("item"), "assistant", "")
        if not apart:
            self.add(item)
        about = {"response_id": name, "item_id": item.id, "output_index": 0, "content_index": 0}
        item_told = {"id": item.id, "type": "message", "role": "assistant", "content": []}
        await self.tell("response.output_item.added", response_id=name, output_index=0, item=item_told)
        for word in text.split(" "):
            if self.server.breaks_after and self.server.breaks_after in item.text:
                self.server.breaks_after = ""
                await self.socket.close(code=1011)
                return
            item.text = f"{item.text} {word}".strip()
            await self.tell("response.output_audio_transcript.delta", **about, delta=word + " ")
            left = 0 if mute else (len(word) + 1) / LETTERS_PER_SEC
            while left > 0:
                secs = min(left, CHUNK_SECS)
                left -= secs
                pcm = tone(secs)
                item.audio_ms += len(pcm) * 1000 // (2 * RATE_HZ)
                await self.tell("response.output_audio.delta", **about, delta=base64.b64encode(pcm).decode())
                await asyncio.sleep(secs / self.server.speed)


class Realtime:
    """The server. `answers` are taken one by one, then `reply`; `hears` are words of pieces of speech."""

    def __init__(self) -> None:
        self.sessions: list[Session] = []
        self.answers: list[Answer] = []
        self.reply = "Ahoy there. The sea is wide today."
        self.hears: list[str | None] = []
        self.heard_ms: list[int] = []
        self.calls: set[str] = set()
        self.refuses = 0  # so many connections
        self.deaf = False  # tells no words
        self.obeys = True  # ends a reply that is cancelled
        self.breaks_after = ""  # words of a reply, after which the line breaks
        self.transcribing_secs = 0.05
        self.speed = 8.0  # times the speed of speech
        self.url = ""
        self.keys: list[str] = []
        self.on_answer: Callable[[Session, dict[str, Any]], Answer] | None = None

    @property
    def session(self) -> Session:
        return self.sessions[-1]

    @property
    def errors(self) -> list[str]:
        return [code for session in self.sessions for code in session.errors]

    def answer_to(self, session: Session, wish: dict[str, Any], *, apart: bool) -> Answer:
        told = wish.get("instructions") or ""
        if apart and told.startswith("Say exactly"):
            return "say", told.split("\n\n", 1)[1]
        if self.on_answer:
            return self.on_answer(session, wish)
        if apart:
            return "say", "Summary: they met at sea."
        return self.answers.pop(0) if self.answers else ("say", self.reply)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        self.keys.append(request.headers.get("Authorization", ""))
        if self.refuses:
            self.refuses -= 1
            return web.json_response({"error": {"code": "server_error"}}, status=503)
        if not request.query.get("model"):
            return web.json_response({"error": {"code": "missing_model"}}, status=400)
        socket = web.WebSocketResponse(max_msg_size=16 * 2**20)
        await socket.prepare(request)
        session = Session(self, socket, len(self.sessions))
        self.sessions.append(session)
        await session.tell("session.created", session={"type": "realtime", "id": session.new_name("sess")})
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await session.take(json.loads(message.data))
        finally:
            for task in list(session.tasks):
                task.cancel()
        return socket


@asynccontextmanager
async def realtime_server(port: int = 0) -> AsyncIterator[Realtime]:
    server = Realtime()
    app = web.Application()
    app.router.add_get("/v1/realtime", server.connect)
    async with serving(app, port) as found:
        server.url = f"http://127.0.0.1:{found}/v1"
        yield server

"""A stand-in for OpenAI's Realtime API, that speaks its protocol and refuses what the API would refuse.

https://platform.openai.com/docs/api-reference/realtime-client-events and -server-events. What clients send is
read by Pipecat's models of the events, which are strict about types.
"""

import asyncio
import base64
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web
from pipecat.services.openai.realtime import events as models

RATE_HZ = 24_000
LETTERS_PER_SEC = 15
CHUNK_SECS = 0.1
KINDS: dict[str, Any] = {
    "session.update": models.SessionUpdateEvent,
    "input_audio_buffer.append": models.InputAudioBufferAppendEvent,
    "input_audio_buffer.commit": models.InputAudioBufferCommitEvent,
    "input_audio_buffer.clear": models.InputAudioBufferClearEvent,
    "conversation.item.create": models.ConversationItemCreateEvent,
    "conversation.item.truncate": models.ConversationItemTruncateEvent,
    "conversation.item.delete": models.ConversationItemDeleteEvent,
    "response.create": models.ResponseCreateEvent,
    "response.cancel": models.ResponseCancelEvent,
}
Answer = tuple[str, Any]  # say, call, fail, drop or hang, and with what


class Refused(Exception):
    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


@dataclass
class Item:
    """An item of a conversation. `audio_ms` is how much sound it has."""

    id: str
    role: str
    text: str
    audio_ms: int = 0
    truncated_ms: int | None = None

    @property
    def tokens(self) -> int:
        """Sound of the visitor's is ten tokens a second, of the model's twenty; text four letters each."""
        if self.audio_ms:
            ms = self.audio_ms if self.truncated_ms is None else self.truncated_ms
            return ms * (10 if self.role == "user" else 20) // 1000
        return len(self.text) // 4 + 3


@dataclass
class Session:
    """One WebSocket."""

    server: "Realtime"
    socket: web.WebSocketResponse
    number: int
    config: dict[str, Any] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    received: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    usage: list[int] = field(default_factory=list)  # input tokens of each response
    audio: bytearray = field(default_factory=bytearray)
    running: asyncio.Task | None = None  # the response of the conversation
    tasks: set[asyncio.Task] = field(default_factory=set)
    names: Any = field(default_factory=itertools.count)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.received if event["type"] == kind]

    @property
    def said(self) -> list[tuple[str, str]]:
        """The conversation as it stands: role and words."""
        return [(item.role, item.text) for item in self.items.values()]

    def new_name(self, kind: str) -> str:
        return f"{kind}_{self.number}_{next(self.names)}"

    async def tell(self, kind: str, **event: Any) -> None:
        if not self.socket.closed:
            await self.socket.send_json({"event_id": self.new_name("event"), "type": kind, **event})

    async def take(self, event: dict[str, Any]) -> None:
        self.received.append(event)
        kind = event.get("type", "")
        try:
            if kind not in KINDS:
                raise Refused("unknown_event", kind)
            try:
                KINDS[kind].model_validate(event)
            except ValueError as error:
                raise Refused("invalid_event", str(error)) from error
            await getattr(self, f"on_{kind.replace('.', '_')}")(event)
        except Refused as error:
            self.errors.append(error.code)
            told = {"type": "invalid_request_error", "code": error.code, "message": str(error)}
            await self.tell("error", error={**told, "event_id": event.get("event_id")})

    # --- client events ---

    async def on_session_update(self, event: dict[str, Any]) -> None:
        told = event["session"]
        voice = ((told.get("audio") or {}).get("output") or {}).get("voice")
        spoken = any(item.role == "assistant" and item.audio_ms for item in self.items.values())
        if voice and spoken and voice != self.config.get("voice"):
            raise Refused("cannot_update_voice")
        if voice:
            self.config["voice"] = voice
        for tool in told.get("tools") or ():
            if tool.get("type") != "function" or tool["parameters"].get("type") != "object":
                raise Refused("invalid_tool")
        self.config |= {key: value for key, value in told.items() if key != "audio"}
        if "audio" in told:
            self.config["audio"] = told["audio"]
        await self.tell("session.updated", session=told)

    async def on_input_audio_buffer_append(self, event: dict[str, Any]) -> None:
        self.audio += base64.b64decode(event["audio"], validate=True)

    async def on_input_audio_buffer_clear(self, _event: dict[str, Any]) -> None:
        self.audio.clear()

    async def on_input_audio_buffer_commit(self, _event: dict[str, Any]) -> None:
        ms = len(self.audio) * 1000 // (2 * RATE_HZ)
        if ms < 100:
            raise Refused("input_audio_buffer_commit_empty")
        self.server.heard_ms.append(ms)
        self.audio.clear()
        words = self.server.hears.pop(0) if self.server.hears else "hello there"
        item = self.add(Item(self.new_name("item"), "user", words or "", ms))
        await self.tell("input_audio_buffer.committed", item_id=item.id, previous_item_id=None)
        await self.tell_added(item)
        if not self.server.deaf:
            self.do(self.transcribe(item, words))

    async def transcribe(self, item: Item, words: str | None) -> None:
        await asyncio.sleep(self.server.transcribing_secs)
        kind = "conversation.item.input_audio_transcription."
        about = {"item_id": item.id, "content_index": 0}
        if words is None:
            error = {"type": "server_error", "code": "audio_unintelligible", "message": "no words"}
            await self.tell(kind + "failed", **about, error=error)
        else:
            await self.tell(kind + "completed", **about, transcript=words)

    async def on_conversation_item_create(self, event: dict[str, Any]) -> None:
        given = event["item"]
        if given["id"] in self.items or len(given["id"]) > 32:
            raise Refused("invalid_item_id")
        if given["type"] == "function_call_output":
            if given["call_id"] not in self.server.calls:
                raise Refused("invalid_tool_call_id")
            item = Item(given["id"], "tool", given["output"])
        elif given["type"] == "function_call":
            self.server.calls.add(given["call_id"])
            item = Item(given["id"], "call", given["name"])
        else:
            kinds = {part["type"] for part in given["content"]}
            if kinds != {"output_text" if given["role"] == "assistant" else "input_text"}:
                raise Refused("invalid_content")
            item = Item(given["id"], given["role"], " ".join(part["text"] for part in given["content"]))
        await self.tell_added(self.add(item))

    async def on_conversation_item_delete(self, event: dict[str, Any]) -> None:
        if self.items.pop(event["item_id"], None) is None:
            raise Refused("item_not_found")
        await self.tell("conversation.item.deleted", item_id=event["item_id"])

    async def on_conversation_item_truncate(self, event: dict[str, Any]) -> None:
        item = self.items.get(event["item_id"])
        if item is None:
            raise Refused("item_not_found")
        if item.role != "assistant" or not item.audio_ms:
            raise Refused("item_truncate_invalid_item_id")
        ms = event["audio_end_ms"]
        if not 0 <= ms <= item.audio_ms:
            raise Refused("invalid_value", f"only {item.audio_ms} ms were sent, not {ms}")
        item.truncated_ms, item.text = ms, ""  # the API drops the transcript, too
        await self.tell("conversation.item.truncated", item_id=item.id, content_index=0, audio_end_ms=ms)

    async def on_response_create(self, event: dict[str, Any]) -> None:
        wish = event.get("response") or {}
        apart = wish.get("conversation") == "none"
        if not apart and self.running and not self.running.done():
            raise Refused("conversation_already_has_active_response")
        task = self.do(self.respond(wish, apart=apart))
        if not apart:
            self.running = task

    async def on_response_cancel(self, event: dict[str, Any]) -> None:
        name = event.get("response_id")
        running = [task for task in self.tasks if name and task.get_name() == name]
        running = running or ([self.running] if self.running and not name else [])
        if not running or running[0].done():
            raise Refused("response_cancel_not_active")
        running[0].cancel()

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

    async def speak(self, name: str, text: str, *, apart: bool) -> None:
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
            left = (len(word) + 1) / LETTERS_PER_SEC
            while left > 0:
                secs = min(left, CHUNK_SECS)
                left -= secs
                pcm = self.server.tone(secs)
                item.audio_ms += len(pcm) * 1000 // (2 * RATE_HZ)
                await self.tell("response.output_audio.delta", **about, delta=base64.b64encode(pcm).decode())
                await asyncio.sleep(secs / self.server.speed)

    # --- its own ---

    def add(self, item: Item) -> Item:
        self.items[item.id] = item
        return item

    async def tell_added(self, item: Item) -> None:
        kind = {"tool": "function_call_output", "call": "function_call"}.get(item.role, "message")
        role = {"role": item.role} if kind == "message" else {}
        told = {"id": item.id, "type": kind, **role, "content": []}
        await self.tell("conversation.item.added", item=told, previous_item_id=None)
        await self.tell("conversation.item.done", item=told, previous_item_id=None)

    def do(self, work: Any) -> asyncio.Task:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def expire(self) -> None:
        """Sixty minutes are over."""
        error = {"type": "invalid_request_error", "code": "session_expired", "message": "60 minutes"}
        await self.tell("error", error={**error, "event_id": None})
        await self.socket.close()


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

    @staticmethod
    def tone(secs: float) -> bytes:
        at = np.arange(int(secs * RATE_HZ))
        return (np.sin(at * 2 * np.pi * 330 / RATE_HZ) * 8000).astype("<i2").tobytes()

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
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()

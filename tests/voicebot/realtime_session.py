"""One WebSocket of the stand-in for OpenAI's Realtime API: what it takes, refuses and remembers."""

import asyncio
import base64
import itertools
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from pipecat.services.openai.realtime import events as models

RATE_HZ = 24_000
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
class Listening:
    """One WebSocket."""

    server: Any
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
        if self.server.obeys:
            running[0].cancel()

    async def respond(self, wish: dict[str, Any], *, apart: bool) -> None:
        raise NotImplementedError

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

"""OpenAI's Realtime API as a `VendorSession`: https://platform.openai.com/docs/guides/realtime-conversations.

Turns are detected here, not there (`turn_detection: null`): the vendor's detection knows no back-channels,
hears silence by the minute, and answers before lore, documents and tools of the turn are told.
"""

import base64
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast
from uuid import uuid4

from openai import AsyncOpenAI, OpenAIError
from pipecat.audio.utils import create_stream_resampler
from pipecat.metrics.metrics import LLMTokenUsage
from websockets.exceptions import InvalidHandshake, WebSocketException

from characters.prompts import Message, text_of
from voicebot.providers.speech_to_speech.vendor import (
    IN_HZ,
    OUT_HZ,
    Called,
    Ended,
    Event,
    Heard,
    Setup,
    Sound,
    VendorLost,
    Wish,
    Words,
)

log = logging.getLogger(__name__)

LONGEST_SECS = 3600.0  # of a session: https://platform.openai.com/docs/guides/realtime-conversations
CONNECT_SECS = 10.0
MOST_EVENT_BYTES = 4 * 2**20
PCM = {"type": "audio/pcm", "rate": OUT_HZ}
# Answers to what came too late: nothing is wrong with the session.
LATE = ("response_cancel_not_active", "item_not_found", "item_truncate_invalid_item_id")


def usage_of(usage: Any) -> LLMTokenUsage | None:
    """What a response has used, as Pipecat counts it."""
    if usage is None:
        return None
    came, went = usage.input_token_details, usage.output_token_details
    cached = came and came.cached_tokens_details
    return LLMTokenUsage(
        prompt_tokens=usage.input_tokens or 0,
        completion_tokens=usage.output_tokens or 0,
        total_tokens=usage.total_tokens or 0,
        cache_read_input_tokens=came.cached_tokens if came else None,
        input_audio_tokens=came.audio_tokens if came else None,
        output_audio_tokens=went.audio_tokens if went else None,
        cache_read_input_audio_tokens=cached.audio_tokens if cached else None,
    )


def items_of(message: Message) -> list[dict[str, Any]]:
    """A message of a prompt as items of a conversation."""
    role = "system" if message["role"] == "developer" else message["role"]
    if role == "tool":
        call_id, output = str(message.get("tool_call_id", "")), text_of(message)
        return [{"type": "function_call_output", "call_id": call_id, "output": output}]
    calls = [
        {
            "type": "function_call",
            "call_id": str(call.get("id", "")),
            "name": call["function"]["name"],
            "arguments": call["function"]["arguments"],
        }
        for call in cast(Any, message.get("tool_calls") or ())
    ]
    if calls:
        return calls
    kind = "output_text" if role == "assistant" else "input_text"
    return [{"type": "message", "role": role, "content": [{"type": kind, "text": text_of(message)}]}]


class RealtimeSession:
    """One WebSocket of the Realtime API."""

    def __init__(self, connection: Any, voice: str, speed: float, transcription: dict[str, Any]) -> None:
        self._connection = connection
        self._own = {
            "audio": {
                "input": {"format": PCM, "transcription": transcription, "turn_detection": None},
                "output": {"format": PCM, "voice": voice, "speed": speed},
            },
            "output_modalities": ["audio"],
        }
        self._resampler = create_stream_resampler()
        self._pieces: deque[str] = deque()  # items of speech whose words are awaited, in their order
        self._responses: dict[str, str] = {}  # the vendor's names of responses: our keys
        self._waiting: deque[str] = deque()  # keys of responses that the vendor has not named yet
        self._words: dict[str, Heard] = {}  # that came before those of an earlier piece

    async def _send(self, kind: str, **event: Any) -> None:
        event.setdefault("event_id", uuid4().hex)
        try:
            await self._connection.send({"type": kind, **event})
        except (WebSocketException, OSError, OpenAIError) as error:
            raise VendorLost(type(error).__name__) from error

    # --- as `VendorSession` ---

    async def set_up(self, setup: Setup) -> None:
        told = {"type": "realtime", "instructions": setup.instructions, "tools": list(setup.tools)}
        own, self._own = self._own, {}  # voice and formats are told once
        await self._send("session.update", session={**told, **own})

    async def add(self, message: Message) -> Sequence[str]:
        names = []
        for item in items_of(message):
            names.append(uuid4().hex)
            await self._send("conversation.item.create", item={"id": names[-1], **item})
        return names

    async def remove(self, item: str) -> None:
        await self._send("conversation.item.delete", item_id=item)

    async def hear(self, pcm: bytes) -> None:
        resampled = await self._resampler.resample(pcm, IN_HZ, OUT_HZ)
        if resampled:
            await self._send("input_audio_buffer.append", audio=base64.b64encode(resampled).decode())

    async def commit(self) -> None:
        if rest := await self._resampler.flush():
            await self._send("input_audio_buffer.append", audio=base64.b64encode(rest).decode())
        self._resampler = create_stream_resampler()
        await self._send("input_audio_buffer.commit", event_id=f"commit-{uuid4().hex}")

    async def respond(self, wish: Wish) -> None:
        response: dict[str, Any] = {
            "output_modalities": ["text" if wish.written else "audio"],
            "metadata": {"key": wish.key},
        }
        if wish.exactly or wish.apart is not None:
            apart = [item for message in wish.apart or () for item in items_of(message)]
            response |= {"conversation": "none", "input": apart, "tool_choice": "none", "tools": []}
        if wish.instructions:
            response["instructions"] = wish.instructions
        if wish.most_tokens:
            response["max_output_tokens"] = wish.most_tokens
        self._waiting.append(wish.key)
        await self._send("response.create", event_id=f"respond-{wish.key}", response=response)

    async def cancel(self, key: str) -> None:
        named = next((name for name, known in self._responses.items() if known == key), None)
        await self._send("response.cancel", **({"response_id": named} if named else {}))

    async def truncate(self, item: str, heard_secs: float) -> None:
        await self._send(
            "conversation.item.truncate",
            item_id=item,
            content_index=0,
            audio_end_ms=int(heard_secs * 1000),
        )

    async def close(self) -> None:
        await self._connection.close()

    async def events(self) -> AsyncIterator[Event]:
        try:
            async for event in self._connection:
                async for told in self._told(event):
                    yield told
        except (WebSocketException, OSError, OpenAIError) as error:
            raise VendorLost(type(error).__name__) from error
        raise VendorLost("the vendor has closed the session")

    # --- its events ---

    async def _told(self, event: Any) -> AsyncIterator[Event]:
        match event.type:
            case "response.output_audio.delta":
                yield Sound(self._key(event), event.item_id, base64.b64decode(event.delta))
            case "response.output_audio_transcript.delta" | "response.output_text.delta":
                yield Words(self._key(event), event.delta, event.item_id)
            case "response.output_item.done" if event.item.type == "function_call":
                item = event.item
                yield Called(self._key(event), item.call_id, item.name, item.arguments)
            case "response.created":
                self._name(event.response)
            case "response.done":
                yield self._ended(event.response)
            case "input_audio_buffer.committed":
                self._pieces.append(event.item_id)
            case (
                "conversation.item.input_audio_transcription.completed"
                | "conversation.item.input_audio_transcription.failed"
            ):
                words = Heard(event.item_id, getattr(event, "transcript", None))
                for heard in self._in_order(event.item_id, words):
                    yield heard
            case "error":
                for told in self._failed(event.error):
                    yield told

    def _key(self, event: Any) -> str:
        return self._responses.get(event.response_id, "")

    def _name(self, response: Any) -> None:
        """The vendor has begun with a response: its name is the one of our request."""
        key = (response.metadata or {}).get("key") or (self._waiting[0] if self._waiting else "")
        if key in self._waiting:
            self._waiting.remove(key)
        self._responses[response.id] = key

    def _ended(self, response: Any) -> Ended:
        key = self._responses.pop(response.id, "")
        failure = ""
        if response.status in ("failed", "incomplete"):
            details = response.status_details
            code = getattr(getattr(details, "error", None), "code", None) or getattr(details, "reason", None)
            failure = f"the reply is {response.status} ({code or 'no reason given'})"
        return Ended(key, failure, usage_of(response.usage))

    def _in_order(self, piece: str, heard: Heard) -> list[Heard]:
        """Words come in the order of their pieces, whatever the vendor does."""
        self._words[piece] = heard
        ready = []
        while self._pieces and self._pieces[0] in self._words:
            ready.append(self._words.pop(self._pieces.popleft()))
        return ready

    def _failed(self, error: Any) -> list[Event]:
        """What an error is about. Its message may quote what was said, so that its code alone is told."""
        about, code = str(error.event_id or ""), str(error.code or error.type)
        if about.startswith("respond-") and (key := about.removeprefix("respond-")) in self._waiting:
            self._waiting.remove(key)
            return [Ended(key, f"the vendor refuses to answer ({code})")]
        if about.startswith("commit-"):  # a piece that is none, in its place among the others
            self._pieces.append(about)
            return [*self._in_order(about, Heard("", ""))]
        if code == "session_expired":
            raise VendorLost(code)
        if code not in LATE:
            log.warning("a session of speech to speech: %s", code)
        return []


async def connect(
    *,
    api_key: str,
    base_url: str,
    model: str,
    voice: str,
    speed: float = 1.0,
    transcription: dict[str, Any],
) -> RealtimeSession:
    """A new session. Raises VendorLost."""
    client = AsyncOpenAI(api_key=api_key, base_url=base_url or None)
    options: Any = {"open_timeout": CONNECT_SECS, "max_size": MOST_EVENT_BYTES}
    try:
        connection = await client.realtime.connect(
            model=model, websocket_connection_options=options, max_retries=0
        ).enter()
    except InvalidHandshake as error:
        status = getattr(getattr(error, "response", None), "status_code", "")
        raise VendorLost(f"the vendor refuses a session ({status or type(error).__name__})") from error
    except (WebSocketException, OSError, OpenAIError, TimeoutError, json.JSONDecodeError) as error:
        raise VendorLost(f"the vendor cannot be reached ({type(error).__name__})") from error
    return RealtimeSession(connection, voice, speed, transcription)

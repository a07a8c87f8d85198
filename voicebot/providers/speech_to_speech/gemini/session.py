"""Gemini Live as a `VendorSession`: https://ai.google.dev/gemini-api/docs/live-api.

The vendor answers as soon as speech ends, tells words with its answer, and takes nothing back. So a model
that transcribes hears the visitor as they speak; the one that answers is given the sound of a whole turn when
its lore, tools and notes are there. What a visitor does not hear to the end costs the session: the next one
is told what was heard, as text.
"""

import asyncio
import base64
import json
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from characters.prompts import Message, text_of
from voicebot.providers.speech_to_speech.gemini import messages
from voicebot.providers.speech_to_speech.gemini.apart import Apart
from voicebot.providers.speech_to_speech.gemini.messages import Json
from voicebot.providers.speech_to_speech.gemini.wire import Address, Wire
from voicebot.providers.speech_to_speech.vendor import (
    IN_HZ,
    Called,
    Ended,
    Event,
    Heard,
    Leaving,
    Setup,
    Sound,
    VendorLost,
    Wish,
    Words,
)

LONGEST_SECS = 600.0  # of a connection: https://ai.google.dev/gemini-api/docs/live-api/session-management
WORDS_SECS = 2.0  # after speech: the words of it are there within half of one, or there are none
MOST_HEARD_BYTES = 120 * IN_HZ * 2  # of one turn: for whoever never stops speaking, the newest are kept
CHUNK_BYTES = IN_HZ * 2 // 2  # half a second a message


@dataclass(frozen=True)
class Models:
    """Which models hear, answer, write and speak, and how."""

    live: str
    transcription: str
    text: str
    speech: str
    voice: str
    temperature: float
    languages: Sequence[str]  # that the visitor may speak, none where any


class GeminiSession:
    """Two connections: one that transcribes, and from the first setup on one that answers."""

    def __init__(self, address: Address, models: Models, transcriber: Wire) -> None:
        self._address, self._models, self._transcriber = address, models, transcriber
        self._mind: Wire | None = None
        self._apart = Apart(address, models.text, models.speech, models.voice)
        self._events: asyncio.Queue[Event | VendorLost] = asyncio.Queue()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._setup, self._told = Setup(), ("", "[]")  # instructions and tools as the vendor has them
        self._asides: dict[str, str] = {}  # notes for the turn
        self._hearing = bytearray()
        self._words = ""
        self._awaited: deque[str] = deque()  # pieces of speech whose words are not known yet
        self._pieces: dict[str, bytes] = {}  # that the model has not been given
        self._key = ""  # of the reply under way
        self._written = False
        self._broken = ""  # why the vendor has not come to the end of it
        self._usage: Json | None = None
        self._calls: dict[str, str] = {}  # that the vendor waits for, with the functions' names
        self._answers: list[Json] = []
        self._read("transcriber", transcriber)

    def _read(self, name: str, wire: Wire) -> None:
        take = self._take_words if name == "transcriber" else self._take

        async def read() -> None:
            try:
                async for message in wire.messages():
                    if "goAway" in message:
                        self._events.put_nowait(Leaving())
                    take(message)
            except VendorLost as error:
                self._events.put_nowait(error)
            except Exception as error:  # what nobody understands: its text may quote what was said
                self._events.put_nowait(VendorLost(_not_understood(error)))

        self._do(name, read())

    def _do(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self._tasks[name] = task = asyncio.create_task(work)
        task.add_done_callback(lambda _done: self._tasks.pop(name, None))

    async def events(self) -> AsyncIterator[Event]:
        while True:
            event = await self._events.get()
            if isinstance(event, VendorLost):
                raise event
            yield event

    # --- who the character is, and what was said ---

    async def set_up(self, setup: Setup) -> None:
        self._setup = setup
        if self._mind is None:
            instructions, tools = self._wanted
            models, made = self._models, json.loads(tools)
            first = messages.mind_setup(models.live, models.voice, models.temperature, instructions, made)
            self._mind = await Wire.open(self._address, first)
            self._told = instructions, tools
            self._read("mind", self._mind)

    @property
    def _wanted(self) -> tuple[str, str]:
        instructions = "\n\n".join(filter(None, [self._setup.instructions, *self._asides.values()]))
        return instructions, json.dumps(messages.tools_of(self._setup.tools))

    async def _tell_setup(self) -> None:
        """Tells what of instructions, notes and tools has changed: the model has them for the turn."""
        (instructions, tools), update = self._wanted, Json()
        if instructions != self._told[0]:
            update["systemInstruction"] = messages.system_of(instructions)
        if tools != self._told[1]:
            update["tools"] = {"tools": json.loads(tools)}
        if update:
            await self._send({"contextUpdate": update})
            self._told = instructions, tools

    async def _send(self, message: Json) -> None:
        if self._mind is None:
            raise VendorLost("the session is not set up")
        await self._mind.send(message)

    async def add(self, message: Message) -> Sequence[str]:
        name, call_id = uuid4().hex, str(message.get("tool_call_id", ""))
        if message["role"] in ("system", "developer"):
            self._asides[name] = text_of(message)
            return [name]
        if message["role"] == "tool" and call_id in self._calls:
            self._answers.append(messages.answer_of(call_id, self._calls.pop(call_id), text_of(message)))
            return []
        if self._calls or self._answers:  # what is told now would cancel the call
            raise VendorLost("the vendor waits for a function")
        await self._send({"clientContent": {"turns": [messages.content_of(message)], "turnComplete": False}})
        return [name]

    async def remove(self, item: str) -> None:
        if self._asides.pop(item, None) is None and self._pieces.pop(item, None) is None:
            raise VendorLost("the vendor takes nothing back")

    async def truncate(self, item: str, heard_secs: float) -> None:
        raise VendorLost("the vendor takes nothing back")

    # --- hearing ---

    async def hear(self, pcm: bytes) -> None:
        if not self._hearing:
            self._words = self._words if self._awaited else ""
            await self._transcriber.send({"realtimeInput": {"activityStart": {}}})
        self._hearing += pcm
        del self._hearing[:-MOST_HEARD_BYTES]
        await self._transcriber.send(messages.sound_message(base64.b64encode(pcm).decode()))

    async def commit(self) -> None:
        name, pcm = uuid4().hex, bytes(self._hearing)
        self._hearing.clear()
        self._awaited.append(name)
        if not pcm:
            self._settle(name)
            return
        self._pieces[name] = pcm
        await self._transcriber.send({"realtimeInput": {"activityEnd": {}}})
        asyncio.get_running_loop().call_later(WORDS_SECS, self._settle, name)

    def _take_words(self, message: Json) -> None:
        content = message.get("serverContent") or {}
        self._words += (content.get("inputTranscription") or {}).get("text", "")
        over = content.get("generationComplete") or content.get("turnComplete")
        if over and self._awaited:
            self._settle(self._awaited[0])

    def _settle(self, name: str) -> None:
        """The words of a piece are there, or do not come any more."""
        if name in self._awaited:
            self._awaited.remove(name)
            words, self._words = self._words.strip(), ""
            self._events.put_nowait(Heard(name, words))

    # --- answering ---

    async def respond(self, wish: Wish) -> None:
        if wish.exactly or wish.apart is not None:
            self._do(wish.key, self._answer_apart(wish))
            return
        pieces, answers = list(self._pieces.values()), list(self._answers)
        if pieces and (answers or self._calls):  # it would go on with its call, and not with what was said
            raise VendorLost("the vendor waits for a function")
        self._key, self._written = wish.key, wish.written  # from here on it cannot be taken back
        await self._tell_setup()
        self._pieces.clear()
        self._answers.clear()
        if answers or self._calls:
            late = [
                {"id": each, "name": name, "response": messages.NO_RESULT}
                for each, name in self._calls.items()
            ]
            self._calls.clear()
            await self._send({"toolResponse": {"functionResponses": [*answers, *late]}})
        elif pieces:
            await self._speak(b"".join(pieces))
        else:
            await self._send({"clientContent": {"turnComplete": True}})

    async def _speak(self, pcm: bytes) -> None:
        """Gives the model what the visitor said; it answers when that ends."""
        await self._send({"realtimeInput": {"activityStart": {}}})
        for at in range(0, len(pcm), CHUNK_BYTES):
            chunk = base64.b64encode(pcm[at : at + CHUNK_BYTES]).decode()
            await self._send(messages.sound_message(chunk))
        await self._send({"realtimeInput": {"activityEnd": {}}})

    async def _answer_apart(self, wish: Wish) -> None:
        try:
            async for event in self._apart.events(wish):
                self._events.put_nowait(event)
        except Exception as error:  # whoever asked waits for its end
            self._events.put_nowait(Ended(wish.key, _not_understood(error)))

    async def cancel(self, key: str) -> None:
        if key == self._key:
            raise VendorLost("the vendor takes nothing back")
        if task := self._tasks.get(key):
            task.cancel()
            self._events.put_nowait(Ended(key))

    def _take(self, message: Json) -> None:
        """What the model that answers tells."""
        self._usage = message.get("usageMetadata") or self._usage
        for call_id in (message.get("toolCallCancellation") or {}).get("ids", ()):
            self._calls.pop(call_id, None)
            self._answers = [answer for answer in self._answers if answer["id"] != call_id]
        content = message.get("serverContent") or {}
        for part in (content.get("modelTurn") or {}).get("parts", ()):
            if (sound := part.get("inlineData")) and not self._written:
                self._events.put_nowait(Sound(self._key, self._key, base64.b64decode(sound["data"])))
        if words := (content.get("outputTranscription") or {}).get("text"):
            self._events.put_nowait(Words(self._key, words, self._key))
        calls = (message.get("toolCall") or {}).get("functionCalls", ())
        for call in calls:
            self._calls[call["id"]] = call["name"]
            arguments = json.dumps(call.get("args") or {})
            self._events.put_nowait(Called(self._key, call["id"], call["name"], arguments))
        if content.get("interrupted"):  # the end of the turn comes yet
            self._broken = "the vendor has broken the reply off"
        if calls or messages.is_over(content):
            self._end(self._broken or messages.failure_of(content))
        elif self._usage and not self._key:  # of a reply that is over
            self._end("")

    def _end(self, failure: str) -> None:
        """The reply is over, or waits for what a function returns: that is another one."""
        key, usage = self._key, messages.usage_of(self._usage)
        self._key, self._usage, self._broken = "", None, ""
        if key or usage:
            self._events.put_nowait(Ended(key, failure, usage))

    async def close(self) -> None:
        """Reads on until both are closed: what is on its way comes before the vendor's good-bye."""
        try:
            await asyncio.gather(*(wire.close() for wire in (self._transcriber, self._mind) if wire))
        finally:
            for task in list(self._tasks.values()):
                task.cancel()


def _not_understood(error: Exception) -> str:
    return f"the vendor tells what nobody understands ({type(error).__name__})"


async def connect(address: Address, models: Models) -> GeminiSession:
    """A new session. Raises VendorLost."""
    setup = messages.transcriber_setup(models.transcription, models.languages)
    return GeminiSession(address, models, await Wire.open(address, setup))

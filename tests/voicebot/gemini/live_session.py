"""One WebSocket of the stand-in for Gemini Live: what it takes, refuses and remembers."""

import asyncio
import base64
import itertools
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from google.genai import types

from voicebot.providers.speech_to_speech.gemini import VOICES

LIVE, TRANSCRIBE = "models/gemini-3.8-live", "models/gemini-3.5-transcribe-live"
IN_RATE = "audio/pcm;rate=16000"
INVALID, INTERNAL = 1007, 1011


class Refused(Exception):
    """The API closes a session for what it does not take."""


def without_input_config(message: dict[str, Any]) -> dict[str, Any]:
    """A setup's part that the package's model of it lacks, though the package sends it, read by its own."""
    if "realtimeInputConfig" not in (setup := message.get("setup", {})):
        return message
    types.RealtimeInputConfig.model_validate(setup["realtimeInputConfig"])
    return {"setup": {name: part for name, part in setup.items() if name != "realtimeInputConfig"}}


@dataclass
class Listening:
    """What a session is told. `said` is its conversation: role and words, and of sound how many seconds."""

    server: Any
    socket: web.WebSocketResponse
    number: int
    setup: dict[str, Any] = field(default_factory=dict)
    instructions: str = ""
    tools: list[str] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)
    calls: dict[str, str] = field(default_factory=dict)  # that it waits for
    results: dict[str, Any] = field(default_factory=dict)
    usage: list[int] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # every system instruction
    running: asyncio.Task | None = None
    heard: bytearray | None = None  # of an activity that goes on
    tasks: set[asyncio.Task] = field(default_factory=set)
    names: Any = field(default_factory=itertools.count)

    @property
    def transcribes(self) -> bool:
        return self.setup.get("model") == TRANSCRIBE

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message[kind] for message in self.received if kind in message]

    async def tell(self, **message: Any) -> None:
        if not self.socket.closed:  # checked by the vendor's own model of it
            types.LiveServerMessage.model_validate(message)
            await self.socket.send_json(message)

    async def take(self, message: dict[str, Any]) -> None:
        self.received.append(message)
        try:
            if len(message) != 1:
                raise Refused("a message has one kind")
            (kind,) = message
            types.LiveClientMessage.model_validate(without_input_config(message))
            if (kind == "setup") == bool(self.setup):
                raise Refused("the setup is the first message, and comes once")
            await getattr(self, f"on_{kind}")(message[kind])
        except (Refused, ValueError, AttributeError) as error:
            self.server.errors.append(str(error))
            await self.socket.close(code=INVALID, message=b"invalid argument")

    async def on_setup(self, setup: dict[str, Any]) -> None:
        config = setup.get("generationConfig", {})
        if setup["model"] not in (LIVE, TRANSCRIBE):
            raise Refused("no such model")
        modality = ["TEXT"] if setup["model"] == TRANSCRIBE else ["AUDIO"]
        if config.get("responseModalities") != modality:
            raise Refused("the model does not answer so")
        if not setup["realtimeInputConfig"]["automaticActivityDetection"]["disabled"]:
            raise Refused("the tests send activities")
        if setup["model"] == LIVE:
            voice = config["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"]
            if voice not in VOICES:
                raise Refused("no such voice")
        self.setup = setup
        self.know(setup)
        await self.tell(setupComplete={})

    def know(self, told: dict[str, Any]) -> None:
        if "systemInstruction" in told:
            self.instructions = " ".join(part["text"] for part in told["systemInstruction"]["parts"])
            self.told.append(self.instructions)
        if "tools" in told:
            given = told["tools"]
            listed = given["tools"] if isinstance(given, dict) else given
            self.tools = [each["name"] for tool in listed for each in tool["functionDeclarations"]]

    async def on_contextUpdate(self, update: dict[str, Any]) -> None:
        if self.transcribes or not update:
            raise Refused("there is no context to update")
        self.know(update)

    async def on_realtimeInput(self, given: dict[str, Any]) -> None:
        if len(given) != 1:
            raise Refused("realtime input is one thing at a time")
        (kind,) = given
        if kind == "activityStart":
            if self.heard is not None:
                raise Refused("an activity goes on")
            await self.interrupt()
            self.heard = bytearray()
        elif self.heard is None:
            raise Refused("there is no activity")
        elif kind == "audio":
            if given["audio"]["mimeType"] != IN_RATE:
                raise Refused("unknown sound")
            self.heard += base64.b64decode(given["audio"]["data"], validate=True)
        elif kind == "activityEnd":
            secs, self.heard = len(self.heard) / 32_000, None
            await self.over(secs)
        else:
            raise Refused(kind)

    async def over(self, secs: float) -> None:
        """An activity is over: what transcribes tells its words, what answers answers."""
        if self.transcribes:
            self.server.heard_secs.append(secs)
            words = self.server.hears.pop(0) if self.server.hears else "hello there"
            if not self.server.deaf:
                self.do(self.transcribe(words))
            return
        self.said.append(("user", f"<{secs:.1f} s>"))
        self.answer()

    async def transcribe(self, words: str) -> None:
        await asyncio.sleep(self.server.transcribing_secs)
        for part in words.partition(" ") if words else ():
            await self.tell(serverContent={"inputTranscription": {"text": part}})
        await self.tell(serverContent={"generationComplete": True})

    async def on_clientContent(self, given: dict[str, Any]) -> None:
        if self.transcribes:
            raise Refused("it only hears")
        for turn in given.get("turns", ()):
            if turn["role"] not in ("user", "model") or any(set(part) != {"text"} for part in turn["parts"]):
                raise Refused("a turn is text of user or model")
            self.said.append((turn["role"], " ".join(part["text"] for part in turn["parts"])))
        await self.interrupt()
        if given.get("turnComplete"):
            self.answer()

    async def on_toolResponse(self, given: dict[str, Any]) -> None:
        for each in given["functionResponses"]:
            if self.calls.pop(each["id"], None) != each["name"] or not isinstance(each["response"], dict):
                raise Refused("nobody waits for that")
            self.results[each["id"]] = each["response"]
            self.said.append(("tool", each["name"]))
        if not self.calls:
            self.answer()

    async def interrupt(self) -> None:
        """The client goes on: a call that is open is cancelled, a reply broken off."""
        if self.calls:
            ids, self.calls = list(self.calls), {}
            await self.tell(toolCallCancellation={"ids": ids})
        if self.running and not self.running.done():
            self.running.cancel()
            await asyncio.gather(self.running, return_exceptions=True)

    def answer(self) -> None:
        if self.running and not self.running.done():
            raise Refused("it answers")
        self.running = self.do(self.respond())

    async def respond(self) -> None:
        raise NotImplementedError

    def do(self, work: Any) -> asyncio.Task:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def go_away(self) -> None:
        await self.tell(goAway={"timeLeft": "30s"})

    async def expire(self) -> None:
        """Ten minutes are over."""
        await self.socket.close(code=INTERNAL, message=b"Deadline expired before operation could complete.")

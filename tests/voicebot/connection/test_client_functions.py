"""A function of a program that talks through Pipecat's Python client, called by a character's tool."""

import asyncio
import json
from typing import Any

from pipecat.frames.frames import (
    InputAudioRawFrame,
    InputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
)
from pipecat.processors.frame_processor import FrameProcessor

from tests.patience import PATIENCE_SECS
from tests.voicebot.connection.python_client import connected

A_KEEPER = """
from characters.models import Character
from characters.versions import publishing
tools = [{"name": "lamp", "kind": "page", "keys": ["light"], "sentence": "The lamp is now {result}."}]
about = {"slug": "keeper", "name": "Finn", "greeting": "Hello.", "description": "A keeper."}
publishing.publish(Character.objects.create(**about, tools=tools))
"""


class Program(FrameProcessor):
    """A client with one function: it is asked by `tool-call`, and answers by `tool.result`."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if not isinstance(frame, InputTransportMessageFrame):
            if not isinstance(frame, InputAudioRawFrame):  # what is heard is not sent back
                await self.push_frame(frame, direction)
            return
        self.messages.append(frame.message)
        data = frame.message.get("data") or {}
        if frame.message["type"] == "server-message" and data.get("type") == "tool-call":
            self.calls.append(data)
            result = {"t": "tool.result", "d": {"id": data["id"], "result": {"state": "shining"}}}
            await self.tell("client-message", result)

    async def tell(self, kind: str, data: dict[str, Any]) -> None:
        message = {"label": "rtvi-ai", "type": kind, "id": f"{kind}-{len(self.messages)}", "data": data}
        await self.push_frame(OutputTransportMessageUrgentFrame(message=message))

    async def has(self, kind: str, words: str = "") -> None:
        async with asyncio.timeout(PATIENCE_SECS):
            while not any(m["type"] == kind and words in json.dumps(m) for m in self.messages):
                await asyncio.sleep(0.05)


async def test_a_program_has_its_function_called_and_the_character_tells_what_came(server):
    await asyncio.to_thread(server.command, "shell", "-c", A_KEEPER)
    url, _ = await asyncio.to_thread(server.start_session, "keeper")
    program = Program()
    async with connected(url, program):
        await program.has("bot-ready")
        await program.tell("send-text", {"content": "Some light, please."})
        await program.has("bot-output", "The lamp is now shining.")
        assert [(call["tool"], call["arguments"]) for call in program.calls] == [("lamp", {})]

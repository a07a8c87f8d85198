"""A conversation whose character has tools, with a model behind the OpenAI API that calls them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pipecat.services.openai.llm import OpenAILLMService

from characters.tools import Argument
from sessions_app.session import ToolCall
from tests.patience import PATIENCE_SECS
from tests.voicebot.live import Conversation, conversation
from tests.voicebot.model_server import Model
from voicebot.providers.llm.compatible_llm import CompatibleLLM
from voicebot.providers.llm.patience import Patience
from voicebot.tools import KINDS, Call, Kind

PATIENCE = Patience(first_secs=20.0, between_secs=10.0, retry_secs=2.0, load_secs=5.0, retries=1)


def tool(name: str, kind: str = "", **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": kind or name, **more}


@contextlib.asynccontextmanager
async def acting(model: Model, *tools: dict[str, Any], **options: Any) -> AsyncIterator[Conversation]:
    def llm() -> CompatibleLLM:
        settings = OpenAILLMService.Settings(model="m", max_tokens=300)
        return CompatibleLLM(api_key="none", base_url=model.url, patience=PATIENCE, settings=settings)

    async with conversation(**{"llm": llm, "tools": list(tools), **options}) as one:
        await (one.ready() if "past" in options else one.greeted())
        yield one


def calls_in(turns: Any) -> list[ToolCall]:
    return [turn.call for turn in turns if turn.role == "tool"]


def has_said(one: Conversation, words: str) -> bool:
    said = one.pipeline.context.get_messages()
    return any(m.get("role") == "assistant" and words in str(m.get("content")) for m in said)


async def said(one: Conversation, words: str) -> None:
    async with asyncio.timeout(PATIENCE_SECS):
        while not has_said(one, words):
            await one.pipeline.activity.change(0.1)


async def said_at_last(one: Conversation, words: str) -> None:
    await said(one, words)
    assert await one.pipeline.settle(PATIENCE_SECS)


class Slow:
    """A kind whose tools wait until they are let go, and note what became of them."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()
        self.ended = ""

    async def run(self, _call: Call) -> str:
        self.begun.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise
        self.ended = "done"
        return "The harbour is closed."


def kind(
    monkeypatch: pytest.MonkeyPatch, name: str, run: Callable[[Call], Any], *arguments: Argument
) -> None:
    monkeypatch.setitem(KINDS, name, Kind(name, run, arguments=arguments))

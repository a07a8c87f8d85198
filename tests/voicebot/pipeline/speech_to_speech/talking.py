"""A conversation with a character of speech to speech, whose vendor is the stand-in of the Realtime API."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from tests.patience import PATIENCE_SECS
from tests.voicebot.live import Conversation, conversation
from tests.voicebot.realtime_server import Realtime
from voicebot.providers.speech_to_speech import openai_realtime
from voicebot.providers.speech_to_speech.serving import services_of
from voicebot.providers.speech_to_speech.talk import Talk
from voicebot.providers.speech_to_speech.vendor import Vendor


def vendor_at(server: Realtime, *, longest_secs: float = 3600.0, most_tokens: int = 12_000) -> Vendor:
    async def connect() -> openai_realtime.RealtimeSession:
        return await openai_realtime.connect(
            api_key="key",
            base_url=server.url,
            model="gpt-realtime",
            voice="marin",
            transcription={"model": "gpt-4o-mini-transcribe", "language": "en"},
        )

    return Vendor("openai_realtime", "gpt-realtime", connect, longest_secs, most_tokens)


@contextlib.asynccontextmanager
async def talking(
    server: Realtime,
    *,
    vendor: Vendor | None = None,
    clock: Callable[[], float] = time.monotonic,
    **options: Any,
) -> AsyncIterator[Conversation]:
    """`options` as of `conversation`."""
    talk = Talk(vendor or vendor_at(server), clock)
    ears, mind, voice = services_of(talk, language="en", voice="marin")
    async with conversation(stt=lambda: ears, llm=lambda: mind, tts=lambda: voice, **options) as one:
        await (one.ready() if "past" in options else one.greeted())
        assert await one.pipeline.settle(PATIENCE_SECS)
        yield one


async def eventually(true: Callable[[], object]) -> None:
    """Waits for what the client hears nothing of."""
    async with asyncio.timeout(PATIENCE_SECS):
        while not true():
            await asyncio.sleep(0.02)

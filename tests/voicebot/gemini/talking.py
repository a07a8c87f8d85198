"""A conversation with a character of speech to speech, whose vendor is the stand-in of Gemini Live."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from tests.voicebot.gemini.server import Gemini
from tests.voicebot.live import Conversation
from tests.voicebot.pipeline.speech_to_speech import talking as with_vendor
from voicebot.providers.speech_to_speech.gemini import session
from voicebot.providers.speech_to_speech.gemini.wire import Address
from voicebot.providers.speech_to_speech.vendor import Vendor

MODELS = session.Models(
    live="gemini-3.8-live",
    transcription="gemini-3.5-transcribe-live",
    text="gemini-3.8-flash",
    speech="gemini-3.8-flash-tts",
    voice="Kore",
    temperature=0.8,
    languages=("en",),
)


def vendor_at(server: Gemini, *, most_tokens: int = 12_000) -> Vendor:
    async def connect() -> session.GeminiSession:
        return await session.connect(Address("key", server.url), MODELS)

    return Vendor("gemini_live", MODELS.live, connect, session.LONGEST_SECS, most_tokens)


@contextlib.asynccontextmanager
async def talking(
    server: Gemini, *, clock: Callable[[], float] = time.monotonic, **options: Any
) -> AsyncIterator[Conversation]:
    vendor = options.pop("vendor", None) or vendor_at(server)
    async with with_vendor.talking(server, vendor=vendor, clock=clock, **options) as one:  # type: ignore[arg-type]
        yield one

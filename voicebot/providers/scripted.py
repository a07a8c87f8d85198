"""Provider `scripted`: instant and free, for tests and benchmarks.

The heard words, the reply and the tone are those of the stock Pipecat server that benchmarks compare
with, so that both sides do the same work.
"""

import math
from collections.abc import AsyncGenerator, Iterator

import numpy as np
from pipecat.frames.frames import (
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.settings import STTSettings, TTSSettings
from pipecat.utils.time import time_now_iso8601

from characters.provider_choice import Model
from characters.spec import CharacterSpec
from voicebot.providers.registry import Stage, Warmer
from voicebot.providers.speech.segments import BoundedSegments
from voicebot.providers.speech.speech_text import TRANSFORMS
from voicebot.providers.speech.synthesis import BoundedSynthesis
from voicebot.usage import EstimatedTokens

HEARD = "hello there"
REPLY = "This is a short scripted reply for you ."
RATE_HZ = 24_000
TONE_HZ = 440
TONE_SECS = 2.0
TONE = (np.sin(np.arange(int(RATE_HZ * TONE_SECS)) * 2 * math.pi * TONE_HZ / RATE_HZ) * 8000).astype(np.int16)


class ScriptedSTT(BoundedSegments):
    """Hears the same words in every utterance, at once."""

    def __init__(self) -> None:
        super().__init__(settings=STTSettings(model=None, language=None), sample_rate=16_000)

    def can_generate_metrics(self) -> bool:
        return True

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame, None]:
        yield TranscriptionFrame(HEARD, "user", time_now_iso8601())


class ScriptedLLM(FrameProcessor):
    """Answers every turn with the same words, at once."""

    def can_generate_metrics(self) -> bool:
        return True

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        await self.push_frame(LLMFullResponseStartFrame())
        for word in REPLY.split():
            await self.push_frame(LLMTextFrame(word + " "))
        await self.start_llm_usage_metrics(EstimatedTokens.of(frame.context.get_messages(), REPLY))
        await self.push_frame(LLMFullResponseEndFrame())


class ScriptedTTS(BoundedSynthesis):
    """Speaks every sentence as two seconds of a 440 Hz tone, at once."""

    def __init__(self) -> None:
        super().__init__(
            settings=TTSSettings(model=None, voice=None, language=None),
            sample_rate=RATE_HZ,
            push_start_frame=True,
            push_stop_frames=True,
            text_transforms=TRANSFORMS,
        )

    def can_generate_metrics(self) -> bool:
        return True

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        await self.start_tts_usage_metrics(text)
        yield TTSAudioRawFrame(TONE.tobytes(), RATE_HZ, 1, context_id=context_id)


class ScriptedProvider:
    def stt(self, _spec: CharacterSpec) -> FrameProcessor:
        return ScriptedSTT()

    def llm(self, _spec: CharacterSpec) -> FrameProcessor:
        return ScriptedLLM()

    def tts(self, _spec: CharacterSpec) -> FrameProcessor:
        return ScriptedTTS()

    def warmers(self, _stage: Stage) -> Iterator[Warmer]:
        yield from ()

    def problems(self, _stage: Stage, _spec: CharacterSpec) -> dict[str, str]:
        return {}  # it does not even try

    def languages(self, _stage: Stage) -> tuple[str, ...]:
        return ()

    def address(self, _stage: Stage) -> str:
        return ""

    def model(self, _spec: CharacterSpec) -> Model:
        return Model("scripted")


PROVIDER = ScriptedProvider()

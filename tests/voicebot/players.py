"""Services that show what they were told: for tests of what a character becomes while it is talked with."""

import asyncio
import math
from collections.abc import AsyncGenerator

import numpy as np
from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    LLMUpdateSettingsFrame,
    TTSAudioRawFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.llm_service import LLMService

from characters.spec import CharacterSpec
from voicebot.providers.scripted import RATE_HZ, ScriptedSTT, ScriptedTTS


class EchoLLM(FrameProcessor):
    """Answers with the first line of its instructions, and what was added to them since the second."""

    def __init__(self) -> None:
        super().__init__()
        self.told = ""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMUpdateSettingsFrame) and frame.delta is not None:
            self.told = str(frame.delta.system_instruction)
        elif isinstance(frame, LLMContextFrame):
            await self.push_frame(LLMFullResponseStartFrame())
            said = " ".join(line.rstrip(".") for line in self.told.splitlines() if "spoken aloud" not in line)
            await self.push_frame(LLMTextFrame(f"*bows* My part: {said}."))
            await self.push_frame(LLMFullResponseEndFrame())
        else:
            await self.push_frame(frame, direction)


class RecitingLLM(FrameProcessor):
    """Answers with the visitor's last words; asked to "repeat", with all that it is told it said itself."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        told = [(m.get("role"), str(m.get("content"))) for m in frame.context.get_messages()]
        asked = [text for role, text in told if role == "user"][-1]
        if asked == "repeat":
            asked = "; ".join(text.replace(".", "") for role, text in told if role == "assistant") + "."
        elif asked == "babble":
            asked = 50_000 * "a"
        await self.push_frame(LLMFullResponseStartFrame())
        step = max(20, len(asked) // 100)
        for start in range(0, len(asked), step):
            await self.push_frame(LLMTextFrame(asked[start : start + step]))
        await self.push_frame(LLMFullResponseEndFrame())


class DeafSTT(ScriptedSTT):
    """Takes everything for a cough."""

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame, None]:
        for nothing in ():
            yield nothing


class FailingLLM(LLMService):
    """Has lost its mind: every question is an error."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMContextFrame):
            await self.push_error("out of order")
        else:
            await self.push_frame(frame, direction)


class WritingLLM(LLMService):
    """Answers with `words`, as Pipecat's own services do: in writing only where that is asked for."""

    words = "Aye."
    secs = 0.0  # until it does

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        await self.push_frame(LLMFullResponseStartFrame())
        await asyncio.sleep(self.secs)
        await self.push_frame(LLMTextFrame(self.words))
        await self.push_frame(LLMFullResponseEndFrame())


class NoddingLLM(WritingLLM):
    """Never says a word."""

    words = "*nods slowly and smiles*"


class TalkativeLLM(WritingLLM):
    """Answers with as many sentences as a reply may have, which take the scripted voice six seconds."""

    words = "Firstly. Secondly. Lastly."


class SlowLLM(WritingLLM):
    """Thinks for three seconds."""

    secs = 3.0


class EmptyLLM(WritingLLM):
    """Has nothing to say."""

    words = ""


class StallingLLM(WritingLLM):
    """Says one sentence, and begins another that never ends."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if not isinstance(frame, LLMContextFrame):
            await super().process_frame(frame, direction)
            return
        await self.push_frame(LLMFullResponseStartFrame())
        await self.push_frame(LLMTextFrame("One sentence here. And another"))
        await asyncio.sleep(60)


class BrokenTTS(ScriptedTTS):
    """Every sentence is an error."""

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        yield ErrorFrame("out of order")


class HesitantTTS(ScriptedTTS):
    """A voice that sounds a second after it is asked: time to leave before its first word."""

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        await asyncio.sleep(1)
        async for frame in super().run_tts(text, context_id):
            yield frame


class SilentLLM(FrameProcessor):
    """Never answers, and never says that it will not."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)


class PitchedTTS(ScriptedTTS):
    """Half a second of a tone, 440 Hz at pitch 0 and an octave up at pitch 12."""

    pitch = 0.0

    async def change_voice(self, spec: CharacterSpec) -> None:
        self.pitch = spec.voice_pitch

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        hz = 440 * 2 ** (self.pitch / 12)
        tone = np.sin(np.arange(RATE_HZ // 2) * 2 * math.pi * hz / RATE_HZ) * 8000
        yield TTSAudioRawFrame(tone.astype(np.int16).tobytes(), RATE_HZ, 1, context_id=context_id)


def pitch_hz(pcm: list[np.ndarray]) -> float:
    """The frequency that is strongest in what was heard, mono int16 at 24 kHz."""
    samples = np.concatenate(pcm)
    loud = samples[np.abs(samples.astype(int)).cumsum() > 0]
    spectrum = np.abs(np.fft.rfft(loud * np.hanning(len(loud))))
    return float(spectrum.argmax() * RATE_HZ / len(loud))

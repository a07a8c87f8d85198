"""Trials of the stages: the voice says a sentence, the model answers it, the ears hear the voice."""

import time
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import soxr
from django.utils.translation import gettext as _
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    LLMContextFrame,
    LLMTextFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext

from characters.spec import CharacterSpec
from voicebot.providers import IN_HZ, NoAnswer, ask_once, registry, voice_sample, without_thoughts

SENTENCES = {"en": "Good evening. Can you hear me?", "zh": "晚上好。你听得见我吗？"}  # noqa: RUF001
SILENCE_SECS = 0.5  # about the sentence, as between a visitor's words
CHUNK_SECS = 0.02
NEEDS: Mapping[registry.Stage, tuple[registry.Stage, ...]] = {
    "stt": ("stt", "tts"),
    "llm": ("llm",),
    "tts": ("tts",),
    "speech_to_speech": ("speech_to_speech",),
}
THINK_SECS = 60.0  # a model may have to be loaded


@dataclass(frozen=True)
class Trial:
    """What came of one. `first_secs` is until its first part, `secs` until all; `wav` is of the voice."""

    words: str
    first_secs: float
    secs: float
    wav: bytes = b""


async def try_stage(
    stage: registry.Stage, by: Mapping[registry.Stage, registry.Factory], spec: CharacterSpec
) -> Trial:
    """Tries a stage by the factories that it NEEDS; ears hear the voice. Raises NoAnswer, ProviderError."""
    if stage == "llm":
        return await _think(by["llm"], spec)
    began = time.monotonic()
    sound = await voice_sample.wav(_voice(by), spec, sentence(spec))
    if stage != "stt":
        secs = time.monotonic() - began
        return Trial(sentence(spec), secs, secs, sound)
    return await _hear(by["stt"], spec, sound)


def _voice(by: Mapping[registry.Stage, registry.Factory]) -> registry.Factory:
    """What speaks; of speech to speech the last of its services."""
    whole = by.get(registry.SPEECH_TO_SPEECH)
    return (lambda spec: whole(spec)[-1]) if whole else by["tts"]


def sentence(spec: CharacterSpec) -> str:
    return SENTENCES.get(spec.language.partition("-")[0], SENTENCES["en"])


async def _think(build: registry.Factory, spec: CharacterSpec) -> Trial:
    messages: list[Any] = [
        {"role": "system", "content": "You are a friendly host. Answer in one short sentence."},
        {"role": "user", "content": sentence(spec)},
    ]
    began = time.monotonic()
    question = LLMContextFrame(LLMContext(messages))
    shown, failed = await ask_once(build(spec), [question], (LLMTextFrame,), secs=THINK_SECS)
    words = without_thoughts("".join(_text(each.frame) for each in shown)).strip()
    if not words:
        raise NoAnswer(" ".join([_("The model said nothing."), failed]).strip())
    return Trial(words, shown[0].secs, time.monotonic() - began)


async def _hear(build: registry.Factory, spec: CharacterSpec, sound: bytes) -> Trial:
    frames = [VADUserStartedSpeakingFrame(), *_chunks(_pcm(sound)), VADUserStoppedSpeakingFrame()]
    shown, failed = await ask_once(build(spec), frames, (TranscriptionFrame,))
    words = " ".join(_text(each.frame) for each in shown).strip()
    if not words:
        raise NoAnswer(" ".join([_("Nothing was heard."), failed]).strip())
    return Trial(words, shown[0].secs, shown[-1].secs)


def _text(frame: Frame) -> str:
    return str(getattr(frame, "text", ""))


def _pcm(sound: bytes) -> bytes:
    """A mono WAV as 16 kHz int16 PCM, with silence about it."""
    with wave.open(BytesIO(sound)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        resampled = soxr.resample(samples, file.getframerate(), IN_HZ)
    quiet = np.zeros(int(SILENCE_SECS * IN_HZ), np.int16)
    return np.concatenate([quiet, resampled.astype(np.int16), quiet]).tobytes()


def _chunks(pcm: bytes) -> list[Frame]:
    size = int(CHUNK_SECS * IN_HZ) * 2
    return [InputAudioRawFrame(pcm[at : at + size], IN_HZ, 1) for at in range(0, len(pcm), size)]

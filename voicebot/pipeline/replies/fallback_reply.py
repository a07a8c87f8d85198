"""Fallback replies: what a character says in its own voice when no answer comes, recorded beforehand.

A filler while the answer is late, and an apology when there is none. Voice and model may both be away then.
"""

import asyncio
import hashlib
import io
import logging
import wave
from collections.abc import Iterator
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pipecat.frames.frames import (
    AggregatedTextFrame,
    AggregatedTextProgressFrame,
    Frame,
    LLMAssistantPushAggregationFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    TTSTextFrame,
)
from pipecat.utils.text.base_text_aggregator import TextType

from characters.spec import CharacterSpec
from sessions_app.database import in_database
from voicebot.providers import ProviderError, registry, voice_sample

log = logging.getLogger(__name__)

FOLDER = "apologies"
WORDS = "Forgive me, I cannot find the words just now. Give me a moment, and ask me again."
# By language; where there is none, nothing is said until the apology.
FILLERS = {
    "en": "One moment, let me think.",
    "de": "Einen Moment, lass mich nachdenken.",
    "fr": "Un instant, je réfléchis.",
    "es": "Un momento, déjame pensar.",
    "it": "Un momento, fammi pensare.",
    "pt": "Um momento, deixe-me pensar.",
    "nl": "Een ogenblik, laat me even nadenken.",
    "zh": "请稍等，让我想一想。",  # noqa: RUF001
    "ja": "少し考えさせてください。",
}
_recording: dict[str, asyncio.Task] = {}  # by the apology's path; each voice is recorded once


def apology_of(spec: CharacterSpec) -> str:
    return spec.apology.strip() or WORDS


def filler_of(spec: CharacterSpec) -> str:
    """What the character says while it thinks; '' if it knows nothing to say in its language."""
    return FILLERS.get(spec.language.split("-")[0].lower(), "")


def _path(spec: CharacterSpec, words: str) -> str:
    """Where the recording lies: another one for other words or another voice."""
    voice = (words, spec.tts_provider, spec.tts_model, spec.voice, spec.voice_pitch)
    name = hashlib.sha256(repr((*voice, spec.voice_speed, spec.language)).encode()).hexdigest()[:32]
    return f"{FOLDER}/{name}.wav"


def prepare(spec: CharacterSpec, build: registry.Factory) -> None:
    """Records what the character may have to say, in the background, unless it is there.

    One after the other: visitors are talking meanwhile.
    """
    path = _path(spec, apology_of(spec))
    if path not in _recording:
        _recording[path] = asyncio.create_task(_record_all(path, spec, build))


async def _record_all(key: str, spec: CharacterSpec, build: registry.Factory) -> None:
    for words in filter(None, (apology_of(spec), filler_of(spec))):
        if not await _record(spec, words, build):
            _recording.pop(key, None)  # tried again with the next visitor


async def _record(spec: CharacterSpec, words: str, build: registry.Factory) -> bool:
    """Whether it is recorded now."""
    path = _path(spec, words)
    try:
        if await in_database(default_storage.exists, path):
            return True
        recorded = await voice_sample.wav(build, spec, words)
        await in_database(default_storage.save, path, ContentFile(recorded))
    except (voice_sample.Silence, ProviderError, OSError) as error:
        log.warning("a fallback reply of %s was not recorded: %s", spec.label, error)
        return False
    except Exception:
        log.exception("a fallback reply of %s was not recorded", spec.label)
        return False
    return True


async def recording(spec: CharacterSpec, words: str) -> tuple[bytes, int] | None:
    """The words as mono int16 PCM with its rate in Hz, None if they were never recorded."""
    path = _path(spec, words)

    def read() -> tuple[bytes, int] | None:
        if not words or not default_storage.exists(path):
            return None
        with default_storage.open(path) as file, wave.open(io.BytesIO(file.read())) as sound:
            return sound.readframes(sound.getnframes()), sound.getframerate()

    return await in_database(read)


def speech(words: str, pcm: bytes, rate_hz: int) -> Iterator[Frame]:
    """A recording as a voice would say it: the output transport's frames, each word behind its own sound.

    So captions follow it, and of one that is cut off as much is remembered as was heard. How long each word
    takes is not known, and guessed by its letters.
    """
    context_id, said = uuid4().hex, words.split()
    announced = AggregatedTextFrame(words, TextType.SENTENCE, context_id)
    announced.will_be_spoken, announced.append_to_context = True, False
    yield announced
    yield TTSStartedFrame(context_id=context_id)
    letters, samples, begin = sum(len(word) + 1 for word in said), len(pcm) // 2, 0
    passed = 0
    for number, word in enumerate(said, 1):
        passed += len(word) + 1
        end = samples * passed // letters
        yield TTSAudioRawFrame(pcm[2 * begin : 2 * end], rate_hz, 1, context_id=context_id)
        begin = end
        spoken = TTSTextFrame(word, TextType.WORD, context_id, segment_id=announced.id)
        spoken.will_be_spoken = True
        yield spoken
        yield AggregatedTextProgressFrame(
            text=words,
            text_type=TextType.SENTENCE,
            segment_id=announced.id,
            context_id=context_id,
            accumulated_text=" ".join(said[:number]),
            remaining_text=" ".join(said[number:]),
        )
    yield LLMAssistantPushAggregationFrame()
    yield TTSStoppedFrame(context_id=context_id)

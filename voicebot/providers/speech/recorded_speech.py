"""Recorded speech: sentences in a character's voice, spoken beforehand for when nothing answers."""

import asyncio
import hashlib
import io
import logging
import wave
from collections.abc import Callable, Sequence

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pipecat.processors.frame_processor import FrameProcessor

from characters.spec import CharacterSpec
from sessions_app.database import in_database
from voicebot.providers.errors import ProviderError
from voicebot.providers.one_shot import NoAnswer
from voicebot.providers.speech import voice_sample
from voicebot.usage import BEFOREHAND

log = logging.getLogger(__name__)

FOLDER = "apologies"
EDITION = 2  # of the voices of this machine: a recording in those that were before is made anew
VoiceFactory = Callable[[CharacterSpec], FrameProcessor]


def _path(spec: CharacterSpec, words: str) -> str:
    """Where the recording lies: another one for other words or another voice."""
    voice = (
        EDITION,
        words,
        spec.pronunciations,
        spec.tts_provider,
        spec.tts_model,
        spec.voice,
        spec.voice_pitch,
    )
    name = hashlib.sha256(repr((*voice, spec.voice_speed, spec.language)).encode()).hexdigest()[:32]
    return f"{FOLDER}/{name}.wav"


class RecordedSpeech:
    """What a process records, each voice once; the recordings themselves lie where uploads do."""

    def __init__(self) -> None:
        self.tasks: dict[str, asyncio.Task] = {}  # by the paths of the sentences

    def prepare(self, spec: CharacterSpec, build: VoiceFactory, sentences: Sequence[str]) -> None:
        """Records these sentences in the background, those that are not there.

        One after the other: visitors are talking meanwhile.
        """
        key = "\n".join(_path(spec, words) for words in sentences)
        if key not in self.tasks:
            self.tasks[key] = asyncio.create_task(self._record_all(key, spec, build, sentences))

    async def close(self) -> None:
        """Ends what is being recorded.

        A closing event loop cancels every task at once: Pipecat's worker would wait for a pipeline that is no
        more.
        """
        recording = [task for task in self.tasks.values() if not task.done()]
        for task in recording:
            task.cancel()
        await asyncio.gather(*recording, return_exceptions=True)

    async def _record_all(
        self, key: str, spec: CharacterSpec, build: VoiceFactory, sentences: Sequence[str]
    ) -> None:
        for words in sentences:
            if not await _record(spec, words, build):
                self.tasks.pop(key, None)  # tried again with the next visitor


async def _record(spec: CharacterSpec, words: str, build: VoiceFactory) -> bool:
    """Whether it is recorded now."""
    path = _path(spec, words)
    try:
        if await in_database(default_storage.exists, path):
            return True
        recorded = await voice_sample.wav(build, spec, words, BEFOREHAND)
        await in_database(default_storage.save, path, ContentFile(recorded))
    except (NoAnswer, ProviderError, OSError) as error:
        log.warning("a fallback reply of %s was not recorded: %s", spec.label, error)
        return False
    except Exception:
        log.exception("a fallback reply of %s was not recorded", spec.label)
        return False
    return True


async def read(spec: CharacterSpec, words: str) -> tuple[bytes, int] | None:
    """The words as mono int16 PCM with its rate in Hz, None if they were never recorded."""
    path = _path(spec, words)

    def opened() -> tuple[bytes, int] | None:
        if not words or not default_storage.exists(path):
            return None
        with default_storage.open(path) as file, wave.open(io.BytesIO(file.read())) as sound:
            return sound.readframes(sound.getnframes()), sound.getframerate()

    return await in_database(opened)

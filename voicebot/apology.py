"""When nothing answers, the character says so in its own words, recorded beforehand, instead of silence."""

import asyncio
import hashlib
import io
import logging
import wave

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from characters.sheet import Sheet
from sessions_app.database import in_database
from voicebot import sample
from voicebot.providers.errors import ProviderError
from voicebot.providers.registry import Factory

log = logging.getLogger(__name__)

FOLDER = "apologies"
WORDS = "Forgive me, I cannot find the words just now. Give me a moment, and ask me again."
_recording: dict[str, asyncio.Task] = {}  # by path; strong references, and each voice is recorded once


def words_of(sheet: Sheet) -> str:
    return sheet.apology.strip() or WORDS


def _path(sheet: Sheet) -> str:
    """Where the recording lies: another one for other words or another voice."""
    voice = (words_of(sheet), sheet.tts_provider, sheet.tts_model, sheet.voice, sheet.voice_pitch)
    name = hashlib.sha256(repr((*voice, sheet.voice_speed, sheet.language)).encode()).hexdigest()[:32]
    return f"{FOLDER}/{name}.wav"


def prepare(sheet: Sheet, build: Factory) -> None:
    """Records the apology in the background, unless it is there."""
    path = _path(sheet)
    if path not in _recording:
        _recording[path] = asyncio.create_task(_record(path, sheet, build))


async def _record(path: str, sheet: Sheet, build: Factory) -> None:
    try:
        if await in_database(default_storage.exists, path):
            return
        recorded = await sample.wav(build, sheet, words_of(sheet))
        await in_database(default_storage.save, path, ContentFile(recorded))
    except (sample.Silence, ProviderError, OSError) as error:
        log.warning("the apology of %s was not recorded: %s", sheet.label, error)
        _recording.pop(path, None)  # tried again with the next visitor


async def recording(sheet: Sheet) -> tuple[bytes, int] | None:
    """The apology as mono int16 PCM with its rate in Hz, None if it was never recorded."""

    def read() -> tuple[bytes, int] | None:
        if not default_storage.exists(_path(sheet)):
            return None
        with default_storage.open(_path(sheet)) as file, wave.open(io.BytesIO(file.read())) as sound:
            return sound.readframes(sound.getnframes()), sound.getframerate()

    return await in_database(read)

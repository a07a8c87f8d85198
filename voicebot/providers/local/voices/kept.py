"""Kept speech: what is said again and again, in memory, and of slow engines where uploads lie.

A greeting of Kokoro takes seconds; made beforehand it sounds at once, after a restart as well.
"""

import hashlib
import io
import logging
from functools import lru_cache

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from voicebot.providers.local.voices.speech import Speech
from voicebot.providers.local.voices.wish import Wish, synthesize

log = logging.getLogger(__name__)

KEPT_GREETINGS = 64  # pieces of greetings, of some 300 KB each
KEPT_FOLDER = "speech"
KEPT_EDITION = 2  # of how engines are asked: what was kept before is made anew
SLOW = frozenset({"kokoro"})  # engines whose speech is worth a file


@lru_cache(maxsize=KEPT_GREETINGS)
def again(text: str, wish: Wish) -> Speech:
    """As `synthesize`, for what is said again and again and by nobody in particular."""
    voice = wish.cast().voice
    if voice.engine not in SLOW:
        return synthesize(text, wish)
    made_of = repr((KEPT_EDITION, text, voice.name, wish))
    path = f"{KEPT_FOLDER}/{hashlib.sha256(made_of.encode()).hexdigest()[:32]}.npz"
    try:
        if default_storage.exists(path):
            return _read(path)
    except Exception:  # whatever a storage raises, or a file that was cut off: it is made again
        log.exception("kept speech could not be read")
    speech = synthesize(text, wish)
    try:
        default_storage.save(path, ContentFile(_packed(speech)))
    except Exception:
        log.exception("speech could not be kept: it is made again after a restart")
    return speech


def _packed(speech: Speech) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(
        out,
        pcm=np.frombuffer(speech.pcm, np.int16),
        words=np.array([word for word, _ in speech.words], dtype=str),
        ends=np.array([end for _, end in speech.words]),
        visemes=np.array([viseme for viseme, _ in speech.visemes], dtype=str),
        begins=np.array([begin for _, begin in speech.visemes]),
    )
    return out.getvalue()


def _read(path: str) -> Speech:
    with default_storage.open(path) as file, np.load(io.BytesIO(file.read()), allow_pickle=False) as kept:
        words = [(str(word), float(end)) for word, end in zip(kept["words"], kept["ends"], strict=True)]
        begun = zip(kept["visemes"], kept["begins"], strict=True)
        return Speech(kept["pcm"].tobytes(), words, [(str(viseme), float(begin)) for viseme, begin in begun])

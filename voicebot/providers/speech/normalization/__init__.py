"""Text normalization: a text as one says it, for voices that know no numbers, dates or abbreviations."""

import re

from voicebot.providers.speech.normalization import chinese, english

__all__ = ["spoken_form"]

BY_LANGUAGE = {"en": english.spoken_form, "zh": chinese.spoken_form}


# An inline pronunciation is for the engine, and left as it is.
INLINE = re.compile(r"(\[[^\]\[]+\]\(/[^/()]+/\))")


def spoken_form(text: str, language: str) -> str:
    """`text` in words, where its language is known; else as it is."""
    normalize = BY_LANGUAGE.get(language)
    if normalize is None:
        return text
    parts = INLINE.split(text)  # what is between two inline pronunciations has an even number
    return "".join(part if number % 2 else normalize(part) for number, part in enumerate(parts))

"""Language guess: which of the house's languages a card is written in, found offline.

Scripts of one language are told by their letters; for the rest py3langid is asked, a naive Bayes model of
byte n-grams (Lui and Baldwin, 2012), held to the languages that characters can have.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from characters.models import LANGUAGES
from characters.text import cleaned

CODES = tuple(code for code, _ in LANGUAGES)
SPOKEN = ("greeting", "alternate_greetings", "examples")  # the words of the character itself
WRITTEN = ("description", "personality", "scenario", "system_prompt")
CHARACTERS = 4_000  # that are looked at
FEWEST = 12  # letters: fewer say nothing
SURE = 0.8
MARKUP = re.compile(r"\{\{.*?\}\}|<[^<>]*>|https?://\S+|[*_\"#\[\]{}()=+|~`]")
KANA, HANGUL, HAN = (
    re.compile("[\u3040-\u30ff]"),
    re.compile("[\uac00-\ud7af]"),
    re.compile("[\u4e00-\u9fff]"),
)
CYRILLIC, LATIN = re.compile("[\u0400-\u04ff]"), re.compile("[A-Za-z\u00c0-\u024f]")
OTHERS = re.compile(r"[^\W\d_]")


def guess(fields: Mapping[str, Any]) -> str:
    """The code of the language of a card's fields, '' if it cannot be told.

    What the character says itself decides; what is written of it, where that is too little.
    """
    said = _text(fields, SPOKEN)
    return _language(said) or _language(f"{said}\n{_text(fields, WRITTEN)}")


def _text(fields: Mapping[str, Any], names: tuple[str, ...]) -> str:
    parts: list[str] = []
    for name in names:
        value = fields.get(name)
        parts += value if isinstance(value, list) else [str(value or "")]
    return MARKUP.sub(" ", cleaned("\n".join(parts)[: CHARACTERS * 2]))[:CHARACTERS]


def _language(text: str) -> str:
    letters = len(OTHERS.findall(text))
    east = {
        "ja": len(KANA.findall(text)),
        "ko": len(HANGUL.findall(text)),
        "zh": len(HAN.findall(text)),
    }
    if sum(east.values()) * 3 > letters and sum(east.values()) >= 4:
        if east["ja"] * 8 > east["zh"] and east["ja"] >= east["ko"]:
            return "ja"
        return "ko" if east["ko"] > east["zh"] else "zh"
    known = len(LATIN.findall(text)) + len(CYRILLIC.findall(text))
    if letters < FEWEST or known * 2 < letters:
        return ""
    code, certainty = _identifier().classify(text)
    return str(code) if certainty >= SURE else ""


@cache
def _identifier() -> Any:
    """Reads the model (2 MB, two seconds) when the first card asks."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(CODES))
    return identifier

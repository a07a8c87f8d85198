"""Languages: their names as prompts have them, and which one a typed text is in, as its script tells."""

from collections.abc import Sequence

import regex

LANGUAGE_NAMES = {  # in English, whatever the reader's language
    "en": "English",
    "zh": "Chinese",
    "de": "German",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "tr": "Turkish",
    "uk": "Ukrainian",
}
# Most telling first: Japanese has Chinese characters among its own.
SCRIPTS = (
    (regex.compile(r"[\p{Hiragana}\p{Katakana}]"), ("ja",)),
    (regex.compile(r"\p{Hangul}"), ("ko",)),
    (regex.compile(r"\p{Han}"), ("zh", "ja")),
    (regex.compile(r"\p{Cyrillic}"), ("ru", "uk")),
    (regex.compile(r"\p{Latin}"), ("en", "de", "es", "fr", "it", "nl", "pl", "pt", "tr")),
)


def written_in(text: str, languages: Sequence[str]) -> str:
    """Which of these languages, as codes, a text may be in by its script: the first that fits, or ''."""
    for script, codes in SCRIPTS:
        if script.search(text):
            return next((language for language in languages if language in codes), "")
    return ""

"""Pronunciations of a character and of the house, laid over a text on its way to the voice.

Captions, the transcript and the model's context keep the words as they are written.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from django.conf import settings
from pipecat.frames.frames import TextType
from pipecat.services.tts_service import TTSService

from characters.spec import CharacterSpec
from characters.text import Pronunciation, pronunciations

Entries = tuple[Pronunciation, ...]
SPACELESS_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")


def entries_for(spec: CharacterSpec) -> Entries:
    """What holds for a character in the language that it speaks; its own entries go before the house's."""
    house = pronunciations(settings.PRONUNCIATIONS.replace(";", "\n"))
    found = {
        entry.word: entry
        for entry in (*house, *pronunciations(spec.pronunciations))
        if entry.language in ("", spec.language)
    }
    return tuple(found.values())


@lru_cache(maxsize=256)
def _pattern(entries: Entries) -> tuple[re.Pattern[str], dict[str, Pronunciation]]:
    """Finds whole words, the longest first; one that is written small at a sentence's beginning, too."""
    known: dict[str, Pronunciation] = {}
    for entry in entries:
        known.setdefault(entry.word[:1].upper() + entry.word[1:], entry)
        known[entry.word] = entry
    longest_first = sorted(known, key=len, reverse=True)
    return re.compile("|".join(map(_whole, longest_first))), known


def _whole(word: str) -> str:
    if SPACELESS_WORD.search(word):
        return re.escape(word)
    return rf"(?<!\w){re.escape(word)}(?!\w)"


def replaced(text: str, entries: Entries, said: Callable[[str, Pronunciation], str]) -> str:
    if not entries:
        return text
    pattern, known = _pattern(entries)
    return pattern.sub(lambda found: said(found[0], known[found[0]]), text)


class Respelling:
    """A text transform of Pipecat with the respellings of the character that speaks."""

    def __init__(self, spec: CharacterSpec):
        self.take(spec)

    def take(self, spec: CharacterSpec) -> None:
        self._entries = tuple(entry for entry in entries_for(spec) if not entry.ipa)

    async def __call__(self, text: str, _text_type: str | TextType) -> str:
        return replaced(text, self._entries, lambda _word, entry: entry.said)


def pronounce(service: TTSService, spec: CharacterSpec) -> None:
    """Has a service of Pipecat say words as the dictionaries have it; IPA where the service takes it."""
    service.add_text_transformer(Respelling(spec))
    in_ipa: Sequence[Pronunciation] = [entry for entry in entries_for(spec) if entry.ipa]
    if in_ipa and type(service).format_pronunciation is not TTSService.format_pronunciation:
        words = {entry.word: entry.ipa for entry in in_ipa}
        service.add_text_transformer(service.pronunciation_transform_ipa(words))

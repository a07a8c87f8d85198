"""A wish for a voice, as a character has it, and the speech that fulfils it with what is there."""

import logging
from dataclasses import dataclass
from functools import cache

from characters.spec import CharacterSpec
from characters.text import Pronunciation
from voicebot.providers.local.voices import catalogue, engines
from voicebot.providers.local.voices.catalogue import Cast
from voicebot.providers.local.voices.parts import VoiceUnavailable
from voicebot.providers.local.voices.speech import SILENCE, Speech, played
from voicebot.providers.local.voices.timing import written_ends
from voicebot.providers.speech import pronouncing
from voicebot.providers.speech.normalization import spoken_form
from voicebot.providers.speech.pronouncing import Entries
from voicebot.providers.speech.written_words import tokens

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wish:
    """A voice by its name ('' for any), its language, pitch (semitones) and speed, and how words are said."""

    voice: str = ""
    language: str = "en"
    pitch: float = 0.0
    speed: float = 1.0
    pronunciations: Entries = ()

    @classmethod
    def of(cls, spec: CharacterSpec) -> "Wish":
        return cls(
            spec.voice, spec.language, spec.voice_pitch, spec.voice_speed, pronouncing.entries_for(spec)
        )

    def cast(self) -> Cast:
        """Who speaks. Raises VoiceUnavailable if nobody can."""
        found = catalogue.cast(self.voice, self.language, engines.can_speak)
        if found is None:
            reasons = "; ".join({engines.trouble(voice) for voice in catalogue.VOICES.values()})
            raise VoiceUnavailable(f"no voice can speak: {reasons}")
        if (wanted := catalogue.VOICES.get(self.voice)) and (why := engines.trouble(wanted)):
            _tell_once(wanted.name, found.voice.name, why)
        return found


@cache
def _tell_once(wanted: str, instead: str, why: str) -> None:
    log.warning("the voice %s is not here, %s speaks instead: %s", wanted, instead, why)


def spoken(text: str, wish: Wish, language: str) -> str:
    """`text` as the engine reads it: words by the dictionaries, the rest in words."""
    return spoken_form(pronouncing.replaced(text, wish.pronunciations, _said), language)


def _said(word: str, entry: Pronunciation) -> str:
    return f"[{word}](/{entry.ipa}/)" if entry.ipa else entry.said


def synthesize(text: str, wish: Wish = Wish()) -> Speech:
    """Speaks `text`. Blocks for a hundredth of the speech up to nearly all of it, as its engine is.

    Raises VoiceUnavailable.
    """
    cast = wish.cast()
    ratio = 2.0 ** ((wish.pitch + cast.lent_semitones) / 12)
    try:
        sound = engines.synthesize(spoken(text, wish, cast.voice.language), cast.voice, wish.speed / ratio)
    except VoiceUnavailable:  # found out just now
        return synthesize(text, wish)
    if sound is None:
        return SILENCE
    words = written_ends(tokens(text), sound.words, len(sound.samples))
    return played(sound, cast.voice.gain_db, ratio, words)

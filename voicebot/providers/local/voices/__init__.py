"""The voices of this machine: a catalogue, the engines behind it, and the service that speaks with them."""

from voicebot.providers.local.voices import catalogue, engines
from voicebot.providers.local.voices.parts import VoiceUnavailable
from voicebot.providers.local.voices.service import LocalTTS, rehearse
from voicebot.providers.local.voices.speech import RATE_HZ, Speech
from voicebot.providers.local.voices.wish import Wish, synthesize

__all__ = [
    "RATE_HZ",
    "LocalTTS",
    "Speech",
    "VoiceUnavailable",
    "Wish",
    "catalogue",
    "engines",
    "rehearse",
    "synthesize",
]

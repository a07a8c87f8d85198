"""The voices of this machine: a catalogue, the engines behind it, and the service that speaks with them."""

from voicebot.providers.local.voices import catalogue, engines
from voicebot.providers.local.voices.service import LocalTTS
from voicebot.providers.local.voices.speech import RATE_HZ, Speech
from voicebot.providers.local.voices.wish import Wish, synthesize

__all__ = ["RATE_HZ", "LocalTTS", "Speech", "Wish", "catalogue", "engines", "synthesize"]

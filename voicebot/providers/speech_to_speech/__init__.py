"""Speech to speech: a vendor that hears, thinks and speaks by itself, as the three services of a pipeline.

What is loaded here is small: a vendor's module comes with its provider, when a character names that.
"""

from voicebot.providers.speech_to_speech.serving import HandsOver, SpeaksForItself

__all__ = ["HandsOver", "SpeaksForItself"]

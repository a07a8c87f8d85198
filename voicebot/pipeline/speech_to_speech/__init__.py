"""What a pipeline does for a vendor of speech to speech: it hands sessions over in pauses."""

from voicebot.pipeline.speech_to_speech.hand_over import HandOver

__all__ = ["HandOver"]

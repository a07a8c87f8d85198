"""What a provider of speech to speech answers, and what a pipeline asks of its services."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from pipecat.processors.frame_processor import FrameProcessor

from characters.prompts import Message
from characters.spec import CharacterSpec


@runtime_checkable
class SpeaksForItself(Protocol):
    """A provider of speech to speech."""

    def speech_to_speech(self, spec: CharacterSpec) -> Sequence[FrameProcessor]:
        """What hears, what answers and what speaks; they share one session of the vendor's.

        Raises ProviderError.
        """

    def lacks(self, spec: CharacterSpec) -> Sequence[str]:
        """What of a character has no effect with it, a sentence each."""


@runtime_checkable
class HandsOver(Protocol):
    """An LLM service whose vendor's sessions end: in a pause, another one is told the past."""

    heard_secs: Callable[[], float]

    @property
    def hand_over_due(self) -> bool: ...

    async def hand_over(self, own: Sequence[Message]) -> bool:
        """Goes on in a new session, which is told this prompt; False if somebody spoke meanwhile."""


def services_of(talk: Any, *, language: str, voice: str) -> Sequence[FrameProcessor]:
    """The three services of a `Talk`."""
    from voicebot.providers.speech_to_speech.ears import VendorEars
    from voicebot.providers.speech_to_speech.mind import VendorMind
    from voicebot.providers.speech_to_speech.voice import VendorVoice

    return VendorEars(talk, language), VendorMind(talk), VendorVoice(talk, voice)

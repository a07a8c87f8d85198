"""What a text-to-speech service may be able to do besides speaking, found by its methods."""

from typing import Protocol, runtime_checkable

from characters.spec import CharacterSpec


@runtime_checkable
class CachesSpeech(Protocol):
    """A TTS service that keeps what is said again and again, such as a greeting, once it was spoken."""

    async def cache_speech(self, text: str) -> None: ...


@runtime_checkable
class SpeaksAhead(Protocol):
    """A TTS service that can begin to make the sound of what will perhaps be said next."""

    async def speak_ahead(self, text: str) -> None: ...

    def forget_ahead(self) -> None:
        """It is not said."""


@runtime_checkable
class ChangesVoice(Protocol):
    """A TTS service that takes another voice, pitch and speed while it runs."""

    async def change_voice(self, spec: CharacterSpec) -> None: ...

"""Vendor provider: what all providers of speech to speech have in common, made from settings or a profile."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

from django.conf import settings
from django.utils.translation import gettext as _
from pipecat.processors.frame_processor import FrameProcessor

from characters.provider_choice import Model
from characters.spec import CharacterSpec
from voicebot.providers.errors import ProviderError
from voicebot.providers.profiles import laid_over
from voicebot.providers.registry import Stage, Warmer
from voicebot.providers.speech_to_speech.serving import services_of
from voicebot.providers.speech_to_speech.talk import Talk
from voicebot.providers.speech_to_speech.vendor import Vendor


class VendorProvider(ABC):
    """As the environment has it, or with the options of a profile.

    `setting` is where Django's settings have the vendor's: `api_key`, `base_url`, `model`, `voice`,
    `most_tokens` and what else it takes. `speeds` are how slow and how fast it may be asked to speak.
    """

    name: ClassVar[str]
    setting: ClassVar[str]
    hosted: ClassVar[str]
    voices: ClassVar[Sequence[str]]
    speeds: ClassVar[tuple[float, float]] = (1.0, 1.0)

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        self._options = options

    def with_options(self, options: Mapping[str, Any]) -> Self:
        return type(self)(laid_over(getattr(settings, self.setting), options))

    @property
    def given(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = getattr(settings, self.setting)
        return found if self._options is None else self._options

    @abstractmethod
    def vendor(self, spec: CharacterSpec) -> Vendor:
        """Raises ProviderError."""

    @abstractmethod
    def no_address(self) -> str:
        """What is said where there is neither a key nor an address."""

    def voice_of(self, spec: CharacterSpec) -> str:
        """The character's voice, if the vendor has it."""
        return spec.voice if spec.voice in self.voices else str(self.given["voice"])

    def model_of(self, spec: CharacterSpec) -> str:
        return spec.speech_to_speech_model or str(self.given["model"])

    def where(self) -> dict[str, Any]:
        """The address and its key. Raises ProviderError."""
        given = self.given
        if not given["api_key"] and not given["base_url"]:
            raise ProviderError(self.no_address())
        return {"api_key": given["api_key"] or "unused", "base_url": given["base_url"]}

    def speech_to_speech(self, spec: CharacterSpec) -> Sequence[FrameProcessor]:
        return services_of(Talk(self.vendor(spec)), language=spec.language, voice=self.voice_of(spec))

    def warmers(self, _stage: Stage) -> Iterator[Warmer]:
        yield from ()

    def problems(self, _stage: Stage, spec: CharacterSpec) -> dict[str, str]:
        try:
            self.where()
        except ProviderError as error:
            return {"speech_to_speech_provider": str(error)}
        said, (least, most) = {"name": self.name}, self.speeds
        found = {}
        if spec.voice_pitch:
            sentence = _("%(name)s cannot change the pitch: set it to 0, or let local speak.")
            found["voice_pitch"] = sentence % said
        if least == most and spec.voice_speed != most:
            found["voice_speed"] = _("%(name)s cannot change the speed: set it to 1.") % said
        elif not least <= spec.voice_speed <= most:
            sentence = _("%(name)s speaks at %(least)s to %(most)s times its natural tempo.")
            found["voice_speed"] = sentence % {**said, "least": least, "most": most}
        return found

    def lacks(self, spec: CharacterSpec) -> Sequence[str]:
        found = []
        if spec.voice and spec.voice not in self.voices:
            sentence = _("The voice “%(voice)s” is not one of the vendor's: “%(other)s” speaks instead.")
            found.append(sentence % {"voice": spec.voice, "other": self.voice_of(spec)})
        if spec.language_voices:
            found.append(_("Voices in further languages: the vendor's one voice speaks them all."))
        if spec.pronunciations.strip():
            found.append(_("Pronunciations: the vendor reads nothing that could be respelt."))
        return [*found, *self.lacks_besides(spec)]

    @abstractmethod
    def lacks_besides(self, spec: CharacterSpec) -> Sequence[str]:
        """What this vendor lacks, besides what none of them has."""

    def languages(self, _stage: Stage) -> tuple[str, ...]:
        return ()

    def address(self, _stage: Stage) -> str:
        given = self.given
        return str(given["base_url"]) or (self.hosted if given["api_key"] else "")

    def model(self, spec: CharacterSpec) -> Model:
        return Model(self.model_of(spec), min(settings.LLM_CONTEXT_TOKENS, self.given["most_tokens"] // 2))

"""Provider `openai_realtime`: OpenAI's Realtime API, or a server that speaks it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from pipecat.processors.frame_processor import FrameProcessor

from characters.provider_choice import Model
from characters.spec import CharacterSpec
from voicebot.providers.errors import ProviderError
from voicebot.providers.profiles import laid_over
from voicebot.providers.registry import Stage, Warmer
from voicebot.providers.speech_to_speech import openai_realtime
from voicebot.providers.speech_to_speech.serving import services_of
from voicebot.providers.speech_to_speech.talk import Talk
from voicebot.providers.speech_to_speech.vendor import Vendor

# https://platform.openai.com/docs/guides/realtime-conversations#voice-options
VOICES = ("alloy", "ash", "ballad", "cedar", "coral", "echo", "marin", "sage", "shimmer", "verse")
SPEEDS = (0.25, 1.5)  # https://platform.openai.com/docs/api-reference/realtime-client-events/session/update
HOSTED = "https://api.openai.com/v1"


class OpenAIRealtimeProvider:
    """As the environment has it, or with the options of a profile."""

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        self._options = options

    def with_options(self, options: Mapping[str, Any]) -> "OpenAIRealtimeProvider":
        return OpenAIRealtimeProvider(laid_over(settings.OPENAI_REALTIME, options))

    @property
    def _given(self) -> Mapping[str, Any]:
        return settings.OPENAI_REALTIME if self._options is None else self._options

    def _voice_of(self, spec: CharacterSpec) -> str:
        """The character's voice, if the vendor has it."""
        return spec.voice if spec.voice in VOICES else str(self._given["voice"])

    def _address(self) -> dict[str, Any]:
        """Raises ProviderError."""
        given = self._given
        if not given["api_key"] and not given["base_url"]:
            raise ProviderError(
                _(
                    "The provider openai_realtime has no address: set OPENAI_API_KEY, or "
                    "OPENAI_REALTIME_BASE_URL for a server of your own."
                )
            )
        return {"api_key": given["api_key"] or "unused", "base_url": given["base_url"]}

    def vendor(self, spec: CharacterSpec) -> Vendor:
        """Raises ProviderError."""
        given, address = self._given, self._address()
        model = spec.speech_to_speech_model or given["model"]
        transcription = {"model": given["transcription_model"]}
        if len(spec.languages) == 1:
            transcription["language"] = spec.language
        speed = min(max(spec.voice_speed, SPEEDS[0]), SPEEDS[1])

        async def connect() -> openai_realtime.RealtimeSession:
            return await openai_realtime.connect(
                **address, model=model, voice=self._voice_of(spec), speed=speed, transcription=transcription
            )

        return Vendor("openai_realtime", model, connect, openai_realtime.LONGEST_SECS, given["most_tokens"])

    def speech_to_speech(self, spec: CharacterSpec) -> Sequence[FrameProcessor]:
        return services_of(Talk(self.vendor(spec)), language=spec.language, voice=self._voice_of(spec))

    def warmers(self, _stage: Stage) -> Iterator[Warmer]:
        yield from ()

    def problems(self, _stage: Stage, spec: CharacterSpec) -> dict[str, str]:
        try:
            self._address()
        except ProviderError as error:
            return {"speech_to_speech_provider": str(error)}
        said = {"name": "openai_realtime"}
        found = {}
        if spec.voice_pitch:
            sentence = _("%(name)s cannot change the pitch: set it to 0, or let local speak.")
            found["voice_pitch"] = sentence % said
        if not SPEEDS[0] <= spec.voice_speed <= SPEEDS[1]:
            sentence = _("%(name)s speaks at %(least)s to %(most)s times its natural tempo.")
            found["voice_speed"] = sentence % {**said, "least": SPEEDS[0], "most": SPEEDS[1]}
        return found

    def lacks(self, spec: CharacterSpec) -> Sequence[str]:
        found = []
        if spec.voice and spec.voice not in VOICES:
            sentence = _("The voice “%(voice)s” is not one of the vendor's: “%(other)s” speaks instead.")
            found.append(sentence % {"voice": spec.voice, "other": self._voice_of(spec)})
        if spec.language_voices:
            found.append(_("Voices in further languages: the vendor's one voice speaks them all."))
        if spec.pronunciations.strip():
            found.append(_("Pronunciations: the vendor reads nothing that could be respelt."))
        if spec.temperature != CharacterSpec.__dataclass_fields__["temperature"].default:
            found.append(_("The temperature: the vendor's models take none."))
        found.append(
            _(
                "The vendor speaks in its own words: written exchanges are only told to it, how numbers and "
                "signs are read out is its own affair, and a greeting is said word for word in most cases."
            )
        )
        return found

    def languages(self, _stage: Stage) -> tuple[str, ...]:
        return ()

    def address(self, _stage: Stage) -> str:
        given = self._given
        return str(given["base_url"]) or (HOSTED if given["api_key"] else "")

    def model(self, spec: CharacterSpec) -> Model:
        name = spec.speech_to_speech_model or str(self._given["model"])
        return Model(name, min(settings.LLM_CONTEXT_TOKENS, self._given["most_tokens"] // 2))


PROVIDER = OpenAIRealtimeProvider()

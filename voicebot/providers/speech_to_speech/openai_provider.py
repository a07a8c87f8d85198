"""Provider `openai_realtime`: OpenAI's Realtime API, or a server that speaks it."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from characters.spec import CharacterSpec
from voicebot.providers.speech_to_speech import openai_realtime
from voicebot.providers.speech_to_speech.vendor import Vendor
from voicebot.providers.speech_to_speech.vendor_provider import VendorProvider


class OpenAIRealtimeProvider(VendorProvider):
    name = "openai_realtime"
    setting = "OPENAI_REALTIME"
    hosted = "https://api.openai.com/v1"
    # https://platform.openai.com/docs/guides/realtime-conversations#voice-options
    voices = ("alloy", "ash", "ballad", "cedar", "coral", "echo", "marin", "sage", "shimmer", "verse")
    # https://platform.openai.com/docs/api-reference/realtime-client-events/session/update
    speeds = (0.25, 1.5)

    def no_address(self) -> str:
        return _(
            "The provider openai_realtime has no address: set OPENAI_API_KEY, or "
            "OPENAI_REALTIME_BASE_URL for a server of your own."
        )

    def vendor(self, spec: CharacterSpec) -> Vendor:
        given, address, model = self.given, self.where(), self.model_of(spec)
        transcription = {"model": given["transcription_model"]}
        if len(spec.languages) == 1:
            transcription["language"] = spec.language
        speed = min(max(spec.voice_speed, self.speeds[0]), self.speeds[1])

        async def connect() -> openai_realtime.RealtimeSession:
            return await openai_realtime.connect(
                **address, model=model, voice=self.voice_of(spec), speed=speed, transcription=transcription
            )

        return Vendor(self.name, model, connect, openai_realtime.LONGEST_SECS, given["most_tokens"])

    def lacks_besides(self, spec: CharacterSpec) -> Sequence[str]:
        found = []
        if spec.temperature != CharacterSpec.__dataclass_fields__["temperature"].default:
            found.append(_("The temperature: the vendor's models take none."))
        found.append(
            _(
                "The vendor speaks in its own words: written exchanges are only told to it, how numbers and "
                "signs are read out is its own affair, and a greeting is said word for word in most cases."
            )
        )
        return found


PROVIDER = OpenAIRealtimeProvider()

"""Provider `gemini_live`: Google's Gemini Live API."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from characters.spec import CharacterSpec
from voicebot.providers.speech_to_speech.gemini import VOICES, session
from voicebot.providers.speech_to_speech.gemini.wire import HOSTED, Address
from voicebot.providers.speech_to_speech.vendor import Vendor
from voicebot.providers.speech_to_speech.vendor_provider import VendorProvider


class GeminiLiveProvider(VendorProvider):
    name = "gemini_live"
    setting = "GEMINI_LIVE"
    hosted = HOSTED
    voices = VOICES

    def no_address(self) -> str:
        return _(
            "The provider gemini_live has no address: set GEMINI_API_KEY, or GEMINI_BASE_URL for a server "
            "of your own."
        )

    def vendor(self, spec: CharacterSpec) -> Vendor:
        given, address = self.given, Address(**self.where())
        models = session.Models(
            live=self.model_of(spec),
            transcription=given["transcription_model"],
            text=given["text_model"],
            speech=given["speech_model"],
            voice=self.voice_of(spec),
            temperature=spec.temperature,
            languages=tuple(spec.languages),
        )

        async def connect() -> session.GeminiSession:
            return await session.connect(address, models)

        return Vendor(self.name, models.live, connect, session.LONGEST_SECS, given["most_tokens"])

    def lacks_besides(self, spec: CharacterSpec) -> Sequence[str]:
        return [
            _(
                "The vendor speaks in its own words: written exchanges are only told to it, and how numbers "
                "and signs are read out is its own affair."
            ),
            _(
                "The vendor takes nothing back: after a visitor has interrupted, or a reply was too long, it "
                "knows what was said before in words, and its tone no more."
            ),
        ]


PROVIDER = GeminiLiveProvider()

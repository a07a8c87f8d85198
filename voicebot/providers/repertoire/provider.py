"""The provider itself: a stage that thinks without a model."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from pipecat.processors.frame_processor import FrameProcessor

from characters import prompts
from characters.provider_choice import Model
from characters.spec import CharacterSpec
from voicebot.meaning import embeddings
from voicebot.providers.errors import ProviderError
from voicebot.providers.registry import Stage, Warmer
from voicebot.providers.repertoire.written_speech import WrittenSpeech
from voicebot.repertoire import WITHOUT_MODEL, Spoken

HISTORY_TOKENS = 8192  # nothing is read by a model; so long a history is kept word for word


class RepertoireProvider:
    def stt(self, _spec: CharacterSpec) -> FrameProcessor:
        raise ProviderError(_("repertoire takes a language model's place: set STT_PROVIDER."))

    def llm(self, spec: CharacterSpec) -> FrameProcessor:
        return WrittenSpeech(spec)

    def tts(self, _spec: CharacterSpec) -> FrameProcessor:
        raise ProviderError(_("repertoire takes a language model's place: set TTS_PROVIDER."))

    def warmers(self, stage: Stage) -> Iterator[Warmer]:
        if stage == "llm":
            yield "Meanings of written questions (answer)", embeddings().warm

    def problems(self, stage: Stage, spec: CharacterSpec) -> dict[str, str]:
        if stage != "llm":
            return {}
        found = {}
        if spec.llm_model:
            found["llm_model"] = _("repertoire has no model: leave the field empty.")
        if not any(one.questions and one.answers for one in prompts.repertoire_of(spec).exchanges):
            found["examples"] = _(
                "repertoire says what is written here and nothing else: write what visitors ask, and what "
                "the character answers."
            )
        return found

    def languages(self, _stage: Stage) -> tuple[str, ...]:
        return ()

    def address(self, _stage: Stage) -> str:
        return ""

    def speaks_written_from(self, _spec: CharacterSpec) -> Spoken:
        return WITHOUT_MODEL

    def model(self, _spec: CharacterSpec) -> Model:
        return Model("repertoire", HISTORY_TOKENS)


PROVIDER = RepertoireProvider()

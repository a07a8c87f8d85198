"""The provider itself: which local service serves which stage, and what it loads beforehand."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from pipecat.processors.frame_processor import FrameProcessor

from characters.provider_choice import Model
from characters.spec import CharacterSpec
from voicebot.providers.local import piper, smollm, whisper
from voicebot.providers.registry import Stage, Warmer

# Piper keeps buffers for the longest sentence that it has spoken, 150 MB for eight seconds. Taken before
# anybody comes they cost no visitor time, and an operator sees at once what the process needs.
LONGEST_TEXT = (
    "Good evening, and welcome to the stage, where somebody is waiting who would very much like to hear what "
    "you have to say, and who will try to give an answer that is not much longer than this one."
)


class LocalProvider:
    def stt(self, _spec: CharacterSpec) -> FrameProcessor:
        return whisper.LocalSTT()

    def llm(self, spec: CharacterSpec) -> FrameProcessor:
        return smollm.service(spec)

    def tts(self, spec: CharacterSpec) -> FrameProcessor:
        return piper.LocalTTS(spec)

    def warmers(self, stage: Stage) -> Iterator[Warmer]:
        if stage == "stt":
            yield "Whisper tiny.en (hears)", lambda: whisper.transcribe(bytes(2 * 16_000))
        elif stage == "llm":
            yield "SmolLM2-135M (thinks)", smollm.address
        else:
            yield "Piper joe (speaks)", lambda: piper.synthesize(LONGEST_TEXT)

    def problems(self, stage: Stage, spec: CharacterSpec) -> dict[str, str]:
        found = {}
        if getattr(spec, f"{stage}_model"):
            found[f"{stage}_model"] = _("local has one model for this: leave the field empty.")
        known = self.languages(stage)
        if known and spec.language not in known:
            found["language"] = (
                _("local hears English only: cast another provider for other languages.")
                if stage == "stt"
                else _("local speaks English only: cast another provider for other languages.")
            )
        if stage == "tts" and spec.voice not in ("", piper.VOICE):
            sentence = _(
                "local has one voice, '%(voice)s': leave this empty, and give the character a voice of "
                "its own by pitch and speed."
            )
            found["voice"] = sentence % {"voice": piper.VOICE}
        return found

    def languages(self, stage: Stage) -> tuple[str, ...]:
        return () if stage == "llm" else ("en",)

    def address(self, _stage: Stage) -> str:
        return ""

    def model(self, _spec: CharacterSpec) -> Model:
        return Model(smollm.MODEL, smollm.SLOT_TOKENS, smollm.count)


PROVIDER = LocalProvider()

"""The provider itself: which local service serves which stage, and what it loads beforehand."""

from collections.abc import Iterator

from pipecat.processors.frame_processor import FrameProcessor

from characters.casting import Model
from characters.sheet import Sheet
from voicebot.providers.local import piper, smollm, whisper
from voicebot.providers.registry import Stage, Warmer

# Piper keeps buffers for the longest sentence that it has spoken, 150 MB for eight seconds. Taken before
# anybody comes they cost no visitor time, and an operator sees at once what the process needs.
LONGEST = (
    "Good evening, and welcome to the stage, where somebody is waiting who would very much like to hear what "
    "you have to say, and who will try to give an answer that is not much longer than this one."
)


class LocalProvider:
    def stt(self, _sheet: Sheet) -> FrameProcessor:
        return whisper.LocalSTT()

    def llm(self, sheet: Sheet) -> FrameProcessor:
        return smollm.service(sheet)

    def tts(self, sheet: Sheet) -> FrameProcessor:
        return piper.LocalTTS(sheet)

    def warmers(self, stage: Stage) -> Iterator[Warmer]:
        if stage == "stt":
            yield "Whisper tiny.en (hears)", lambda: whisper.transcribe(bytes(2 * 16_000))
        elif stage == "llm":
            yield "SmolLM2-135M (thinks)", smollm.address
        else:
            yield "Piper joe (speaks)", lambda: piper.synthesize(LONGEST)

    def problems(self, stage: Stage, sheet: Sheet) -> dict[str, str]:
        found = {}
        if getattr(sheet, f"{stage}_model"):
            found[f"{stage}_model"] = "local has one model for this: leave the field empty."
        if stage != "llm" and sheet.language != "en":
            verb = "hears" if stage == "stt" else "speaks"
            found["language"] = f"local {verb} English only: cast another provider for other languages."
        if stage == "tts" and sheet.voice not in ("", piper.VOICE):
            found["voice"] = (
                f"local has one voice, {piper.VOICE!r}: leave this empty, and give the character a voice of "
                "its own by pitch and speed."
            )
        return found

    def model(self, _sheet: Sheet) -> Model:
        return Model(smollm.MODEL, smollm.SLOT_TOKENS, smollm.count)


PROVIDER = LocalProvider()

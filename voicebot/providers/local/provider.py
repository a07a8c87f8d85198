"""The provider itself: which local service serves which stage, and what it loads beforehand."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from django.utils.translation import gettext as _
from pipecat.processors.frame_processor import FrameProcessor

from characters.models import LANGUAGES
from characters.provider_choice import Model
from characters.spec import CharacterSpec
from voicebot.meaning import embeddings
from voicebot.providers.local import ears, helped, smollm, voices, whisper
from voicebot.providers.local.likely_names import likely_names
from voicebot.providers.registry import Stage, Warmer
from voicebot.repertoire import BESIDE_SMALL_MODEL, Spoken

# The models keep buffers for the longest sentence that they have spoken, 150 MB for eight seconds, until a
# pause (`voices.engines.rest`). Taken before anybody comes they cost the first visitor no time.
LONGEST_TEXT = (
    "Good evening, and welcome to the stage, where somebody is waiting who would very much like to hear "
    "what you have to say to them."
)

FEW_VOICES = 4  # named one by one
WARMED = ("heart", "joe")  # those that are quick; others are loaded when they first speak


def _voice_problems(spec: CharacterSpec) -> dict[str, str]:
    """What is amiss with the voice that a character wishes for."""
    if not spec.voice:
        return {}
    wanted = voices.catalogue.VOICES.get(spec.voice)
    if wanted is None:
        sentence = _("local has no voice '%(voice)s': choose one of its list, or leave this empty.")
        return {"voice": sentence % {"voice": spec.voice}}
    instead = voices.Wish.of(spec).cast().voice
    if instead is wanted:
        return {}
    said = {"voice": wanted.name, "instead": instead.name}
    if why := voices.engines.trouble(wanted):
        sentence = _("The voice '%(voice)s' is not here, '%(instead)s' speaks instead (%(why)s).")
        return {"voice": sentence % (said | {"why": why})}
    sentence = _("'%(voice)s' does not speak this language, '%(instead)s' speaks instead.")
    return {"voice": sentence % said}


def _missing_ears() -> list[str]:
    sentence = _(
        "Whisper base is not used (%(why)s): Whisper tiny.en hears English, and nothing else is heard."
    )
    return [sentence % {"why": why}] if (why := ears.trouble()) else []


def _missing_meanings() -> list[str]:
    sentence = _("%(why)s: what is written is found by its letters instead of its meaning.")
    return [sentence % {"why": why}] if (why := embeddings().trouble()) else []


def _missing_voices() -> list[str]:
    """A line for each reason, with the voices that cannot speak for it, by language."""
    silent: dict[tuple[str, str, str], list[str]] = {}
    for voice in voices.catalogue.VOICES.values():
        if why := voices.engines.trouble(voice):
            instead = voices.catalogue.cast(voice.name, voice.language, voices.engines.can_speak)
            speaks = instead is not None and instead.voice.language == voice.language
            who = instead.voice.name if instead and speaks else ""
            silent.setdefault((why, voice.language, who), []).append(voice.name)
    found = []
    for (why, language, other), names in silent.items():
        said = {
            "names": ", ".join(names)
            if len(names) < FEW_VOICES
            else f"{names[0]} … {names[-1]} ({len(names)})",
            "why": why,
            "instead": other,
            "language": dict(LANGUAGES).get(language, language),
        }
        if other:
            found.append(_("%(names)s: not here (%(why)s). %(instead)s speaks instead.") % said)
        else:
            found.append(_("%(names)s: not here (%(why)s). Nothing here speaks %(language)s.") % said)
    return found


class LocalProvider:
    def stt(self, spec: CharacterSpec) -> FrameProcessor:
        return whisper.LocalSTT(spec.languages, likely_names(spec))

    def llm(self, spec: CharacterSpec) -> FrameProcessor:
        return helped.service(spec)

    def tts(self, spec: CharacterSpec) -> FrameProcessor:
        return voices.LocalTTS(spec)

    async def rehearse(self, spec: CharacterSpec, text: str) -> None:
        with suppress(voices.VoiceUnavailable):  # it is told where the voice is asked for
            await voices.rehearse(spec, text)

    def missing(self, stage: Stage) -> list[str]:
        """What is missing or damaged of a stage's parts on this machine, and what is used instead."""
        if stage == "stt":
            return _missing_ears()
        return _missing_meanings() if stage == "llm" else _missing_voices()

    def give_back(self) -> bool:
        return voices.engines.rest()

    def warmers(self, stage: Stage) -> Iterator[Warmer]:
        if stage == "stt":
            yield "Whisper tiny.en (hears)", lambda: whisper.transcribe(bytes(2 * 16_000))
        elif stage == "llm":
            yield "SmolLM2-135M (thinks)", smollm.address
        else:
            for name in WARMED:
                wish = voices.Wish(name)
                if wish.cast().voice.name == name:
                    yield f"the voice {name} (speaks)", partial(voices.synthesize, LONGEST_TEXT, wish)

    def problems(self, stage: Stage, spec: CharacterSpec) -> dict[str, str]:
        found = {}
        if getattr(spec, f"{stage}_model"):
            found[f"{stage}_model"] = _("local has one model for this: leave the field empty.")
        if stage == "stt":
            found |= self._unheard(spec)
        known = self.languages(stage)
        if stage == "tts" and known and spec.language not in known:
            found["language"] = _("local has no voice for this language: cast another provider for it.")
        if stage == "tts":
            found |= _voice_problems(spec)
        return found

    @staticmethod
    def _unheard(spec: CharacterSpec) -> dict[str, str]:
        """What of a character's languages cannot be heard, and why, by the field that asks for it."""
        why = ears.trouble()
        unheard = [language for language in spec.languages if language != "en"] if why else []
        sentence = _("local hears English only (%(why)s): cast another provider for other languages.")
        fields = {"language" if one == spec.language else "other_languages" for one in unheard}
        return {field: sentence % {"why": why} for field in sorted(fields)}

    def languages(self, stage: Stage) -> tuple[str, ...]:
        if stage == "stt":
            return ears.languages()
        if stage == "tts":
            return voices.catalogue.languages(voices.engines.can_speak)
        return ()

    def address(self, _stage: Stage) -> str:
        return ""

    def speaks_written_from(self, _spec: CharacterSpec) -> Spoken:
        return BESIDE_SMALL_MODEL

    def model(self, _spec: CharacterSpec) -> Model:
        return Model(smollm.MODEL, smollm.SLOT_TOKENS, smollm.count)


PROVIDER = LocalProvider()

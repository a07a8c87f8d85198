"""Provider catalog: which providers there are, and what they cannot do of what a character asks for."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from characters.exceptions import CannotSpeak
from characters.lore import Nearness
from characters.models import LANGUAGES
from characters.prompts import Message
from characters.provider_choice import Languages, Model, Read, WrittenReply
from characters.spec import CharacterSpec
from voicebot import documents
from voicebot.lore import drafts_near
from voicebot.models import ProviderProfile
from voicebot.providers import pipecat_service, registry, text_reply
from voicebot.providers.errors import ProviderError
from voicebot.providers.local.voices import engines
from voicebot.providers.local.voices.catalogue import VOICES as VOICES_HERE
from voicebot.providers.local.voices.catalogue import WOMAN, Voice
from voicebot.providers.one_shot import NoAnswer
from voicebot.providers.profiles import opened
from voicebot.providers.registry import STAGES, Stage
from voicebot.providers.speech import voice_sample
from voicebot.providers.speech_to_speech import SpeaksForItself
from voicebot.repertoire import BY_MODEL, SpeaksFromRepertoire, preview

LABELS = {
    "local": gettext_lazy("this machine (local)"),
    "found": gettext_lazy("a server found on this machine (found)"),
    "repertoire": gettext_lazy("what is written, without a model (repertoire)"),
    "openai": "OpenAI API (openai)",
    "openai_realtime": gettext_lazy("OpenAI Realtime API (openai_realtime)"),
    "gemini_live": "Gemini Live API (gemini_live)",
    "scripted": gettext_lazy("a script, for trying out (scripted)"),
}
# Voices that a provider is known to have, for editors to choose from; others can be typed.
VOICES: dict[str, tuple[str, ...]] = {
    # https://platform.openai.com/docs/guides/text-to-speech
    "openai": (
        "alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse",
    ),
    # https://platform.openai.com/docs/guides/realtime-conversations#voice-options
}  # fmt: skip


ACCENTS = {"en-US": gettext_lazy("American"), "en-GB": gettext_lazy("British")}


def _voices_here(spec: CharacterSpec) -> list[tuple[str, str]]:
    """The voices of this machine that speak a language of the character: its own first, women before men."""
    found = [
        voice
        for voice in VOICES_HERE.values()
        if voice.language in spec.languages and engines.can_speak(voice)
    ]
    found.sort(key=lambda voice: (spec.languages.index(voice.language), voice.sex != WOMAN))
    return [(voice.name, _described(voice, many=len(spec.languages) > 1)) for voice in found]


def _described(voice: Voice, *, many: bool) -> str:
    """A voice in an editor's words; its language only where the character has several."""
    told = [voice.name, _("woman") if voice.sex == WOMAN else _("man")]
    if voice.accent in ACCENTS:
        told.append(str(ACCENTS[voice.accent]))
    if many:
        told.append(str(dict(LANGUAGES)[voice.language]))
    return " · ".join(told)


def _named(name: str) -> Any:
    """The provider of code, or the vendor of speech to speech that a profile describes; None for others.

    Reads the database. Raises ProviderError.
    """
    if registry.is_named(name):
        return registry.provider(name)
    found = None if "." in name else registry.profile(registry.SPEECH_TO_SPEECH, name)
    return registry.vendor(found.service, found.options, *opened(found)) if found else None


def _voices_of_vendor(name: str) -> Sequence[str]:
    with suppress(ProviderError):  # not installed
        if registry.is_named(name):
            voices: Sequence[str] = getattr(registry.provider(name), "voices", ())
            return voices
    return ()


def _factory_of(stage: Stage, spec: CharacterSpec) -> registry.Factory:
    """The factory of one stage of a character, by itself. Raises ProviderError."""
    name = registry.chosen(stage, spec)
    if not spec.speech_to_speech_provider:
        return registry.factory(stage, name)
    whole, place = registry.factory(registry.SPEECH_TO_SPEECH, name), STAGES.index(stage)
    return lambda spec: whole(spec)[place]


class ProviderCatalog:
    """The providers of this installation."""

    def providers(self, stage: str) -> list[tuple[str, str]]:
        profiles = ProviderProfile.objects.filter(stage=stage).values_list("name", flat=True)
        return [(name, str(LABELS[name])) for name in registry.built_in(stage)] + [
            (name, _("%(name)s (profile)") % {"name": name}) for name in profiles
        ]

    def problems(self, spec: CharacterSpec) -> dict[str, str]:
        found: dict[str, str] = {}
        for stage in (registry.SPEECH_TO_SPEECH,) if spec.speech_to_speech_provider else STAGES:
            for field, sentence in self._of_stage(stage, spec).items():
                found.setdefault(field, sentence)
        return found

    def _of_stage(self, stage: Stage, spec: CharacterSpec) -> dict[str, str]:
        field = f"{stage}_provider"
        try:
            name = registry.chosen(stage, spec)
            if name in registry.built_in(stage):
                return registry.provider(name).problems(stage, spec)
            build = registry.factory(stage, name)
            build(spec)
            if stage == registry.SPEECH_TO_SPEECH:
                return dict(_named(name).problems(stage, spec))
            return self._of_service(stage, name, spec)
        except ProviderError as error:
            return {field: str(error)}

    @staticmethod
    def _of_service(stage: Stage, name: str, spec: CharacterSpec) -> dict[str, str]:
        """What a service of Pipecat cannot do, as its Settings tell."""
        profile = None if "." in name else registry.profile(stage, name)
        path = profile.service if profile else name
        service = pipecat_service.service_class(stage, path)
        if hasattr(service, "change_voice"):
            return {}  # it takes the whole spec, see registry.ChangesVoice
        known = pipecat_service.settings_fields(service)
        found, said = {}, {"name": name}
        if getattr(spec, f"{stage}_model") and "model" not in known:
            found[f"{stage}_model"] = _("%(name)s has no choice of models: leave this empty.") % said
        if stage == "tts":
            if spec.voice_pitch:
                sentence = _("%(name)s cannot change the pitch: set it to 0, or let local speak.")
                found["voice_pitch"] = sentence % said
            if spec.voice_speed != 1 and "speed" not in known:
                found["voice_speed"] = _("%(name)s cannot change the speed: set it to 1.") % said
            if spec.voice not in ("", *VOICES_HERE) and "voice" not in known:
                found["voice"] = _("%(name)s has one voice: leave this empty.") % said
        return found

    def lacks(self, spec: CharacterSpec) -> Sequence[str]:
        name = spec.speech_to_speech_provider
        try:
            found = _named(name) if name else None
        except ProviderError:  # not installed, or sealed for good: whoever calls is told so
            return []
        return found.lacks(spec) if isinstance(found, SpeaksForItself) else []

    def languages(self, spec: CharacterSpec) -> Sequence[Languages]:
        spoken = [spec.speaking(language) for language in spec.languages]
        return [
            Languages(one.language, self._language("tts", one), self._language("stt", one)) for one in spoken
        ]

    @staticmethod
    def _language(stage: Stage, spec: CharacterSpec) -> str:
        """The character's language where its provider knows it, else the first that it knows."""
        name = registry.name_for(stage, spec)
        try:
            known = registry.provider(name).languages(stage) if registry.is_named(name) else ()
        except ProviderError:  # not installed: who calls is told so
            known = ()
        return spec.language if not known or spec.language in known else known[0]

    def speak(self, spec: CharacterSpec, text: str) -> bytes:
        try:
            build = _factory_of("tts", spec)
            return async_to_sync(voice_sample.wav)(build, spec, text)
        except (ProviderError, NoAnswer) as error:
            raise CannotSpeak(str(error)) from error

    async def reply(
        self,
        spec: CharacterSpec,
        messages: Sequence[Message],
        tools: text_reply.ToolsFor | None = None,
        *,
        said: str = "",
    ) -> AsyncIterator[str]:
        try:
            build = await sync_to_async(_factory_of)("llm", spec)
            async for piece in text_reply.pieces(build, spec, messages, tools):
                yield piece
        except (ProviderError, text_reply.NoReply) as error:
            raise CannotSpeak(str(error)) from error

    async def thinker(self, spec: CharacterSpec) -> Any:
        """A service of the character's language model that does not run. Raises CannotSpeak."""
        try:
            return (await sync_to_async(_factory_of)("llm", spec))(spec)
        except ProviderError as error:
            raise CannotSpeak(str(error)) from error

    def written(
        self, spec: CharacterSpec, talk: Sequence[Message], metadata: Mapping[str, Any]
    ) -> WrittenReply:
        name = registry.name_for("llm", spec)
        try:
            found = registry.provider(name) if registry.is_named(name) else None
        except ProviderError:  # not installed: whoever calls is told so
            found = None
        speaks = isinstance(found, SpeaksFromRepertoire)
        spoken = found.speaks_written_from(spec) if speaks else BY_MODEL  # type: ignore[union-attr]
        return preview(spec, talk, metadata, spoken=spoken)

    def near(self, spec: CharacterSpec, words: str) -> Mapping[int, Nearness]:
        return drafts_near(spec.book, words)

    def read(self, spec: CharacterSpec, talk: Sequence[Message], limit: int) -> Sequence[Read]:
        return documents.preview(spec, talk, limit)

    def voices(self, spec: CharacterSpec) -> list[tuple[str, str]]:
        name = registry.name_for("tts", spec)
        if name == "local":
            return _voices_here(spec)
        stage: Stage = registry.SPEECH_TO_SPEECH if spec.speech_to_speech_provider else "tts"
        profile = None if "." in name or registry.is_named(name) else registry.profile(stage, name)
        service = profile.service if profile else name
        if stage == registry.SPEECH_TO_SPEECH:
            return [(voice, voice) for voice in _voices_of_vendor(service)]
        name = "openai" if service.startswith("pipecat.services.openai.") else service
        return [(voice, voice) for voice in VOICES.get(name, ())]

    def model(self, spec: CharacterSpec) -> Model:
        name = registry.name_for("llm", spec)
        if registry.is_named(name):
            return registry.provider(name).model(spec)
        stage: Stage = registry.SPEECH_TO_SPEECH if spec.speech_to_speech_provider else "llm"
        profile = None if "." in name else registry.profile(stage, name)
        if profile and stage == registry.SPEECH_TO_SPEECH:
            found: Model = _named(name).model(spec)
        else:
            found = Model(spec.llm_model or name, settings.LLM_CONTEXT_TOKENS)
        return replace(found, limit=profile.context_tokens) if profile and profile.context_tokens else found

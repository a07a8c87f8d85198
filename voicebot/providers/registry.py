"""The provider registry: from a character to its Pipecat services.

A provider is a name of `BUILT_IN`, a profile set up in the admin, or the dotted path of any Pipecat service
class. Characters choose among the first two; a path is for the environment, and for profiles that operators
make. Which one serves a stage: the character's own, else STT_PROVIDER, LLM_PROVIDER or TTS_PROVIDER, else
DEFAULT_PROVIDER. One of speech to speech serves all three.
"""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, runtime_checkable

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from pipecat.frames.frames import (
    EagerTranscriptionFrame,
    Frame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
)
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.stt_service import SegmentedSTTService

from characters.prompts import Message
from characters.provider_choice import Model
from characters.spec import CharacterSpec
from characters.text import cleaned
from voicebot import usage
from voicebot.models import ProviderProfile
from voicebot.providers import pipecat_service, profiles
from voicebot.providers.errors import ProviderError
from voicebot.providers.fallback import WithFallback
from voicebot.providers.speech.abilities import CachesSpeech, ChangesVoice, SpeaksAhead  # noqa: F401
from voicebot.providers.speech.segments import BoundedSegments

Stage = Literal["stt", "llm", "tts", "speech_to_speech"]
STAGES: tuple[Stage, ...] = ("stt", "llm", "tts")
SPEECH_TO_SPEECH: Stage = "speech_to_speech"  # in place of the three, where a character names one
Factory = Callable[[CharacterSpec], Any]  # answers a processor, of speech to speech the three of them
Warmer = tuple[str, Callable[[], object]]  # what is being loaded, and how
log = logging.getLogger(__name__)

BUILT_IN = {
    "local": "voicebot.providers.local.provider",
    "found": "voicebot.providers.found.provider",
    "repertoire": "voicebot.providers.repertoire.provider",
    "openai": "voicebot.providers.openai",
    "openai_realtime": "voicebot.providers.speech_to_speech.openai_provider",
    "gemini_live": "voicebot.providers.speech_to_speech.gemini.provider",
    "scripted": "voicebot.providers.scripted",
}
# Of other apps: filled when Django finds each one's `greenroom` module, as its own registries are.
ADDED: "dict[str, Provider]" = {}
SERVES: dict[str, tuple[Stage, ...]] = {"found": ("llm",), "repertoire": ("llm",)}  # who does not serve all
SERVES["openai_realtime"] = SERVES["gemini_live"] = (SPEECH_TO_SPEECH,)


class Provider(Protocol):
    """What a built-in provider answers."""

    def stt(self, spec: CharacterSpec) -> FrameProcessor: ...

    def llm(self, spec: CharacterSpec) -> FrameProcessor: ...

    def tts(self, spec: CharacterSpec) -> FrameProcessor: ...

    def warmers(self, stage: Stage) -> Iterator[Warmer]: ...

    def problems(self, stage: Stage, spec: CharacterSpec) -> dict[str, str]:
        """What it cannot do of what a character asks for, by the field that asks."""

    def languages(self, stage: Stage) -> tuple[str, ...]:
        """Those that it hears (stt) or speaks (tts), as codes; none where it is bound to none."""

    def address(self, stage: Stage) -> str:
        """The base URL of the server that it asks, '' where there is none."""

    def model(self, spec: CharacterSpec) -> Model: ...


@runtime_checkable
class PrefillsPrompts(Protocol):
    """An LLM service that can read a character's prompt before the first turn needs it."""

    async def prefill(self, common: Sequence[Message], own: Sequence[Message]) -> None:
        """`common` is what the character's prompt is for everybody, `own` what it is for this visitor."""


@runtime_checkable
class SpeaksWritten(Protocol):
    """An LLM service that may say written answers itself: they are looked for with more patience."""

    speaks_written: bool


@runtime_checkable
class RehearsesSpeech(Protocol):
    """A provider that can make a sentence of a character beforehand, and keeps it for `cache_speech`."""

    async def rehearse(self, spec: CharacterSpec, text: str) -> None: ...


@runtime_checkable
class RunsHere(Protocol):
    """A provider with models in this process: parts that may be missing, memory that may be given back."""

    def missing(self, stage: Stage) -> list[str]:
        """What is missing or damaged, and what is used instead, a sentence each."""

    def give_back(self) -> bool:
        """Gives back memory that nobody has needed for a while; whether it has. Blocks."""


@dataclass(frozen=True)
class Services:
    """What speaks, thinks and listens for one character. `voice` makes more of what speaks."""

    stt: FrameProcessor
    llm: FrameProcessor
    tts: FrameProcessor
    voice: Factory

    @property
    def segmented(self) -> bool:
        """Whether what listens takes utterances, no stream that silence would be missing from."""
        return all(isinstance(service, SegmentedSTTService) for service in self.listeners)

    @property
    def recognisers(self) -> list[BoundedSegments]:
        """Those of what listens that can be told what is nobody's turn."""
        return [service for service in self.listeners if isinstance(service, BoundedSegments)]

    @property
    def listeners(self) -> list[FrameProcessor]:
        """What listens: more than one where another takes over."""
        return self.stt.services if isinstance(self.stt, WithFallback) else [self.stt]


def name_for(stage: Stage, spec: CharacterSpec | None = None) -> str:
    """The provider of a stage, for a character or in general."""
    own: str = (spec.speech_to_speech_provider or getattr(spec, f"{stage}_provider")) if spec else ""
    return own or settings.STAGE_PROVIDERS[stage] or settings.DEFAULT_PROVIDER


def chosen(stage: Stage, spec: CharacterSpec) -> str:
    """The provider of a stage for a character. Raises ProviderError if the character names a class by itself.

    Whoever writes characters, or the card of one, must not say what is imported here.
    """
    own: str = spec.speech_to_speech_provider or getattr(spec, f"{stage}_provider")
    if "." in own:
        raise ProviderError(
            _(
                "There is no provider %(name)r: characters name those of the list. "
                "An operator makes a profile of a class, and gives it a name."
            )
            % {"name": own}
        )
    return name_for(stage, spec)


def built_in(stage: str) -> tuple[str, ...]:
    """The providers that come with Greenroom or another app, for a stage."""
    return tuple(name for name in (*BUILT_IN, *ADDED) if stage in SERVES.get(name, STAGES))


def is_named(name: str) -> bool:
    """Whether this is a provider of code, and no profile or class path."""
    return name in BUILT_IN or name in ADDED


def model_name(spec: CharacterSpec) -> str:
    """Which language model answers for a character: provider and model, as far as they are named."""
    own = spec.speech_to_speech_model if spec.speech_to_speech_provider else spec.llm_model
    return f"{name_for('llm', spec)}/{own}"


def provider(name: str) -> Provider:
    """A built-in or added provider. Raises ProviderError if its parts are not installed."""
    if name in ADDED:
        return ADDED[name]
    try:
        found: Provider = import_string(f"{BUILT_IN[name]}.PROVIDER")
    except ImportError as error:
        raise ProviderError(
            _(
                "The provider %(name)r needs parts that are not installed (%(error)s). "
                "`make run` installs the extra `local`; or set DEFAULT_PROVIDER=openai."
            )
            % {"name": name, "error": error}
        ) from error
    return found


def profile(stage: Stage, name: str) -> ProviderProfile | None:
    """The profile of that name, if it serves the stage. Reads the database."""
    return ProviderProfile.objects.filter(name=name, stage=stage).first()


def factory(stage: Stage, name: str) -> Factory:
    """The factory of a provider for a stage, whose services `usage` knows by its name.

    Reads the database for a profile. Raises ProviderError for a name that nothing answers to, or that
    answers to another stage.
    """
    make = _factory(stage, name)
    if stage == SPEECH_TO_SPEECH:
        return lambda spec: [usage.named(service, name) for service in make(spec)]
    return lambda spec: usage.named(make(spec), name)


def _factory(stage: Stage, name: str) -> Factory:
    if name in BUILT_IN and name not in built_in(stage):
        alone = _("%(name)s is for the language model alone: %(stage)s needs another provider.")
        other = _("%(name)s does not serve %(stage)s: that needs another provider.")
        sentence = alone if SERVES.get(name) == ("llm",) else other
        raise ProviderError(sentence % {"name": name, "stage": stage})
    if is_named(name):
        made: Factory = getattr(provider(name), stage)
        return made
    if "." in name:
        return pipecat_service.factory(stage, name, settings.STAGE_OPTIONS[stage])
    if found := profile(stage, name):
        described = found.service, found.options, *profiles.opened(found)
        whole = stage == SPEECH_TO_SPEECH
        return vendor(*described).speech_to_speech if whole else pipecat_service.factory(stage, *described)
    known = ProviderProfile.objects.filter(stage=stage).values_list("name", flat=True)
    sentence = _("There is no provider %(name)r for %(stage)s. Use one of %(known)s.")
    raise ProviderError(
        sentence % {"name": name, "stage": stage, "known": ", ".join([*built_in(stage), *known])}
    )


def vendor(service: str, options: Mapping[str, Any], key: str, secret: Mapping[str, Any]) -> Any:
    """A provider of speech to speech as an operator describes it. Raises ProviderError."""
    known = built_in(SPEECH_TO_SPEECH)
    found = provider(service) if service in known else None
    return profiles.configured(found, service, options, key, secret, known=known)


def factories(spec: CharacterSpec) -> dict[Stage, Factory]:
    """The factories of a character's services. Reads the database. Raises ProviderError."""
    if spec.speech_to_speech_provider:  # what is recorded beforehand is said in the house's voice
        voice = chosen("tts", replace(spec, speech_to_speech_provider=""))
        made = factory(SPEECH_TO_SPEECH, chosen(SPEECH_TO_SPEECH, spec))
        return {SPEECH_TO_SPEECH: made, "tts": _guarded("tts", voice)}
    return {stage: _guarded(stage, chosen(stage, spec)) for stage in STAGES}


def _guarded(stage: Stage, name: str) -> Factory:
    """The factory of a provider, with the one of the settings behind it to take over when it fails."""
    first, other = factory(stage, name), settings.STAGE_FALLBACKS[stage]
    if not other or other == name:
        return first
    second = factory(stage, other)
    return lambda spec: WithFallback([first(spec), second(spec)])


def build(spec: CharacterSpec, made_by: Mapping[Stage, Factory] | None = None) -> Services:
    """New services for one connection. Raises ProviderError."""
    by = made_by or factories(spec)
    whole = by.get(SPEECH_TO_SPEECH)
    stt, llm, tts = whole(spec) if whole else [by[stage](spec) for stage in STAGES]
    services = Services(stt, llm, tts, voice=by["tts"])
    for service in services.listeners:
        service.add_event_handler("on_before_push_frame", _cleaned_words)
    return services


async def _cleaned_words(_service: FrameProcessor, frame: Frame) -> None:
    """What was heard comes in as well-formed text, whoever heard it."""
    if isinstance(frame, (TranscriptionFrame, InterimTranscriptionFrame, EagerTranscriptionFrame)):
        frame.text = cleaned(frame.text)


def give_back() -> bool:
    """As `RunsHere.give_back`, of all providers that were called for."""
    loaded = [import_string(f"{path}.PROVIDER") for path in BUILT_IN.values() if path in sys.modules]
    return any([_gives_back(one) for one in (*loaded, *ADDED.values()) if isinstance(one, RunsHere)])


def _gives_back(one: RunsHere) -> bool:
    """One that cannot, such as another app's, keeps nobody else from it."""
    try:
        return one.give_back()
    except Exception as error:
        log.error("a provider could not give back memory (%s)", type(error).__name__)
        return False


def warmers() -> Iterator[Warmer]:
    """What the providers in use load before the first visitor comes."""
    for stage in STAGES:
        name = name_for(stage)
        if is_named(name):
            yield from provider(name).warmers(stage)

"""Any service class of Pipecat as a provider: by dotted path, with options, for a character."""

import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.llm_service import LLMService
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService

from characters.spec import CharacterSpec
from voicebot import service_options
from voicebot.providers import class_paths
from voicebot.providers.errors import ProviderError
from voicebot.providers.local.voices.catalogue import known_elsewhere
from voicebot.providers.speech.pronouncing import pronounce
from voicebot.providers.speech.segments import in_bounded_segments
from voicebot.providers.speech.speech_text import speakable
from voicebot.providers.speech.synthesis import bounded

LONG_WORD = re.compile(r"\w{6,}")
KINDS: Mapping[str, tuple[type, str]] = {  # and what is said of a class that is none
    "stt": (STTService, gettext_noop("%(path)r cannot listen: it is no %(kind)s of Pipecat.")),
    "llm": (LLMService, gettext_noop("%(path)r cannot think: it is no %(kind)s of Pipecat.")),
    "tts": (TTSService, gettext_noop("%(path)r cannot speak: it is no %(kind)s of Pipecat.")),
}


def service_class(stage: str, path: str) -> type[Any]:
    """The class at a dotted path. Raises ProviderError unless it is a Pipecat service for the stage."""
    found = class_paths.imported(path)
    kind, sentence = KINDS[stage]
    others = tuple(other for other, _sentence in KINDS.values() if other is not kind)
    fits = inspect.isclass(found) and issubclass(found, FrameProcessor)
    if not fits or (issubclass(found, others) and not issubclass(found, kind)):
        raise ProviderError(gettext(sentence) % {"path": path, "kind": kind.__name__})
    return found


def settings_fields(service: type[Any]) -> set[str]:
    """What the service's Settings take, the empty set if it has none."""
    kind = getattr(service, "Settings", None)
    return {field.name for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else set()


def _wished(stage: str, path: str, spec: CharacterSpec) -> dict[str, Any]:
    """What the character asks of the service at `path`, where it asks for something."""
    wishes: dict[str, Any] = {"model": getattr(spec, f"{stage}_model")}
    if stage == "llm":
        wishes["temperature"] = spec.temperature
    else:
        wishes["language"] = spec.language
    if stage == "tts":
        wishes["voice"] = known_elsewhere(spec.voice, speaks_kokoro="kokoro" in path.lower())
        wishes["speed"] = spec.voice_speed if spec.voice_speed != 1 else ""
    return {name: value for name, value in wishes.items() if value != ""}


def _secret_words(secrets: list[Any]) -> set[str]:
    """What no message may quote: each text that is secret, and the longer words of it."""
    texts = list(service_options.texts(secrets))
    return {word for text in texts for word in (text, *LONG_WORD.findall(text)) if word}


def factory(
    stage: str,
    path: str,
    options: Mapping[str, Any],
    api_key: str = "",
    secret_options: Mapping[str, Any] | None = None,
) -> Callable[[CharacterSpec], FrameProcessor]:
    """A factory of services at `path`, made with `options`; what the character wishes goes into its Settings.

    `secret_options` are laid over the others. Raises ProviderError, which quotes nothing that is secret.
    """
    service = in_bounded_segments(service_class(stage, path))
    made = bounded(service) if issubclass(service, TTSService) else service
    hidden = _secret_words([api_key, service_options.split(options)[1], dict(secret_options or {})])

    def build(spec: CharacterSpec) -> FrameProcessor:
        arguments = service_options.merged(options, secret_options or {})
        if api_key:
            arguments["api_key"] = api_key
        known = settings_fields(service)
        try:
            given = dict(arguments.pop("settings", None) or {})
            given |= {name: value for name, value in _wished(stage, path, spec).items() if name in known}
            if given:
                arguments["settings"] = service.Settings(**given)  # Pipecat's convention
            built: FrameProcessor = made(**arguments)
            if isinstance(built, TTSService):
                built.add_text_transformer(speakable)
                pronounce(built, spec)
        except BaseException as error:  # whatever a service of others makes of its arguments
            what = class_paths.said(error)
            if any(word in what for word in hidden):
                what = type(error).__name__
            sentence = gettext("%(path)s could not be made (%(error)s).")
            raise ProviderError(sentence % {"path": path, "error": what}) from error
        return built

    return build

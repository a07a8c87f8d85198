"""Any service class of Pipecat as a provider: by dotted path, with options, for a character."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.module_loading import import_string
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.llm_service import LLMService
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService

from characters.sheet import Sheet
from voicebot.providers.errors import ProviderError
from voicebot.speakable import speakable

KINDS: Mapping[str, tuple[type, str]] = {
    "stt": (STTService, "listen"),
    "llm": (LLMService, "think"),
    "tts": (TTSService, "speak"),
}


def service_class(stage: str, path: str) -> type[Any]:
    """The class at a dotted path. Raises ProviderError unless it is a Pipecat service for the stage."""
    try:
        found = import_string(path)
    except ImportError as error:
        raise ProviderError(f"There is no Pipecat service at {path!r} ({error}).") from error
    kind, verb = KINDS[stage]
    others = tuple(other for other, _ in KINDS.values() if other is not kind)
    fits = inspect.isclass(found) and issubclass(found, FrameProcessor)
    if not fits or (issubclass(found, others) and not issubclass(found, kind)):
        raise ProviderError(f"{path!r} cannot {verb}: it is no {kind.__name__} of Pipecat.")
    return found


def settings_fields(service: type[Any]) -> set[str]:
    """What the service's Settings take, the empty set if it has none."""
    kind = getattr(service, "Settings", None)
    return {field.name for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else set()


def _wished(stage: str, sheet: Sheet) -> dict[str, Any]:
    """What the character asks of a service, where it asks for something."""
    wishes: dict[str, Any] = {"model": getattr(sheet, f"{stage}_model")}
    if stage == "llm":
        wishes["temperature"] = sheet.temperature
    else:
        wishes["language"] = sheet.language
    if stage == "tts":
        wishes["voice"] = sheet.voice
        wishes["speed"] = sheet.voice_speed if sheet.voice_speed != 1 else ""
    return {name: value for name, value in wishes.items() if value != ""}


def factory(
    stage: str, path: str, options: Mapping[str, Any], api_key: str = ""
) -> Callable[[Sheet], FrameProcessor]:
    """A factory of services at `path`, made with `options`; what the character wishes goes into its Settings.

    Raises ProviderError.
    """
    service = service_class(stage, path)

    def build(sheet: Sheet) -> FrameProcessor:
        arguments = dict(options)
        if api_key:
            arguments["api_key"] = api_key
        known = settings_fields(service)
        given = dict(arguments.pop("settings", None) or {})
        given |= {name: value for name, value in _wished(stage, sheet).items() if name in known}
        try:
            if given:
                arguments["settings"] = service.Settings(**given)  # Pipecat's convention
            built: FrameProcessor = service(**arguments)
            if isinstance(built, TTSService):
                built.add_text_transformer(speakable)
        except Exception as error:  # whatever a service of others makes of its arguments
            what = "" if api_key and api_key in str(error) else f": {error}"
            raise ProviderError(f"{path} could not be made ({type(error).__name__}{what}).") from error
        return built

    return build

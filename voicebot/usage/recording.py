"""Who served a request, and where it is counted: the meter of whoever asked, and this process's metrics."""

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from pipecat.processors.frame_processor import FrameProcessor

from sessions_app.costs import Meter
from voicebot.ops import metrics

_providers: WeakKeyDictionary[FrameProcessor, str] = WeakKeyDictionary()


def named(service: FrameProcessor, provider: str) -> FrameProcessor:
    """The service, which is known from now on to be of this provider."""
    _providers[service] = provider
    return service


def provider_of(service: Any) -> str:
    """The provider of a service, by the name that characters and prices know; else the name of its class."""
    return _providers.get(service) or type(service).__name__


def model_of(service: Any) -> str:
    """The model that a service is set to, '' where it has no choice of them."""
    model = getattr(getattr(service, "settings", None), "model", None)
    return model if isinstance(model, str) else ""


def record(meter: Meter, stage: str, service: Any, amounts: Mapping[str, int], source: str = "") -> None:
    """Counts what a service was used for."""
    provider = provider_of(service)
    meter.add(stage, provider, model_of(service), source=source, **amounts)
    metrics.note_usage(provider, amounts)

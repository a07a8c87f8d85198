"""Providers that other apps add."""

import re
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from pipecat.processors.frame_processor import FrameProcessor

from characters.provider_choice import Model
from characters.spec import CharacterSpec
from voicebot.providers import ProviderError, capabilities, registry

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class BaseProvider:
    """A provider that does nothing yet. What it serves is its own: `stt`, `llm`, `tts`, `speech_to_speech`.

    Each gets a character's `CharacterSpec` and answers a new Pipecat service for one connection.
    """

    def stt(self, spec: CharacterSpec) -> FrameProcessor:
        raise ProviderError(_("This provider does not hear."))

    def llm(self, spec: CharacterSpec) -> FrameProcessor:
        raise ProviderError(_("This provider has no language model."))

    def tts(self, spec: CharacterSpec) -> FrameProcessor:
        raise ProviderError(_("This provider does not speak."))

    def speech_to_speech(self, spec: CharacterSpec) -> Sequence[FrameProcessor]:
        """What hears, answers and speaks by itself, as three services: see `services_of`."""
        raise ProviderError(_("This provider does not do all three."))

    def lacks(self, _spec: CharacterSpec) -> Sequence[str]:
        """What of a character has no effect with its speech to speech, a sentence each."""
        return ()

    def warmers(self, _stage: registry.Stage) -> Iterator[registry.Warmer]:
        """What is loaded before the first visitor comes: what it is, and a function that loads it."""
        yield from ()

    def problems(self, _stage: registry.Stage, _spec: CharacterSpec) -> dict[str, str]:
        """What it cannot do of what a character asks for: a sentence for editors, by the field that asks."""
        return {}

    def languages(self, _stage: registry.Stage) -> tuple[str, ...]:
        """Those that it hears or speaks, as codes; none where it is bound to none."""
        return ()

    def address(self, _stage: registry.Stage) -> str:
        """The base URL of the server that it asks, '' where there is none."""
        return ""

    def model(self, spec: CharacterSpec) -> Model:
        """Its language model, and how many tokens that reads."""
        return Model(spec.llm_model)


def add(name: str, provider: registry.Provider, stages: tuple[registry.Stage, ...], label: str) -> None:
    """Adds a provider by a name. Raises ValueError with a sentence for one that cannot be."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a provider: write small letters, figures, - and _.")
    if registry.is_named(name):
        raise ValueError(f"There is a provider {name!r} already.")
    known = (*registry.STAGES, registry.SPEECH_TO_SPEECH)
    if not stages or set(stages) - set(known):
        raise ValueError(f"A provider serves some of {', '.join(known)}, not {stages!r}.")
    asked: tuple[str, ...] = ("warmers", "problems", "languages", "address", "model", *stages)
    if missing := [method for method in asked if not callable(getattr(provider, method, None))]:
        raise ValueError(f"The provider {name!r} lacks {', '.join(missing)}: BaseProvider has them.")
    registry.ADDED[name], registry.SERVES[name] = provider, stages
    capabilities.LABELS[name] = label or name

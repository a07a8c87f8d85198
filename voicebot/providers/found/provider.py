"""The provider `found`: asks this machine at start, and again behind conversations that begin later.

Where nobody answers, the small local model thinks if it is installed, until somebody does.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from django.conf import settings
from django.utils.translation import gettext as _
from pipecat.processors.frame_processor import FrameProcessor

from characters.provider_choice import Model
from characters.spec import CharacterSpec
from voicebot.providers import openai
from voicebot.providers.errors import ProviderError
from voicebot.providers.found import search
from voicebot.providers.registry import Provider, Stage, Warmer, provider
from voicebot.repertoire import BY_MODEL, SpeaksFromRepertoire, Spoken

log = logging.getLogger(__name__)

AGAIN_SECS = 10.0  # between two looks, each of which is begun by a conversation


def _find() -> list[search.FoundServer]:
    return asyncio.run(search.find())


def _local() -> Provider | None:
    """The provider of the small local model, None where it is not installed."""
    try:
        return provider("local")
    except ProviderError:
        return None


class FoundProvider:
    """`find` may block for a third of a second; tests inject it, and `clock` (monotonic seconds)."""

    def __init__(
        self,
        find: Callable[[], Sequence[search.FoundServer]] = _find,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._find, self._clock = find, clock
        self._servers: Sequence[search.FoundServer] = ()
        self._looked_at: float | None = None
        self._looking = threading.Lock()

    def look(self) -> Sequence[search.FoundServer]:
        """Asks now, and remembers who answered. One look at a time."""
        with self._looking:
            self._servers, self._looked_at = self._find(), self._clock()
        return self._servers

    def chosen(self, spec: CharacterSpec) -> tuple[search.FoundServer, str] | None:
        """The server and model for a character, of those that answered last. Does not wait for an answer."""
        if self._looked_at is None or self._clock() - self._looked_at >= AGAIN_SECS:
            self._looked_at = self._clock()
            threading.Thread(target=self.look, name="servers on this machine", daemon=True).start()
        return search.chosen(self._servers, spec.llm_model)

    def llm(self, spec: CharacterSpec) -> FrameProcessor:
        """Raises ProviderError where nobody answers and the local model is not installed either."""
        if taken := self.chosen(spec):
            server, model = taken
            return openai.language_model({"base_url": server.base_url, "api_key": "unused"}, spec, model)
        if local := _local():
            return local.llm(spec)
        raise ProviderError(self._nobody())

    @staticmethod
    def _nobody() -> str:
        asked = ", ".join(
            _("%(name)s on %(port)s") % {"name": name, "port": port} for name, port in search.KNOWN.items()
        )
        sentence = _(
            "Nothing on this machine speaks the OpenAI API (asked: %(asked)s). Start one of them, "
            "or set LLM_PROVIDER=openai and OPENAI_LLM_BASE_URL."
        )
        return sentence % {"asked": asked}

    def address(self, _stage: Stage) -> str:
        """Of the server that answers for a character without a model of its own."""
        taken = search.chosen(self._servers)
        return taken[0].base_url if taken else ""

    def stt(self, _spec: CharacterSpec) -> FrameProcessor:
        raise ProviderError(_("found is for the language model alone: set STT_PROVIDER."))

    def tts(self, _spec: CharacterSpec) -> FrameProcessor:
        raise ProviderError(_("found is for the language model alone: set TTS_PROVIDER."))

    def warmers(self, stage: Stage) -> Iterator[Warmer]:
        if stage == "llm":
            yield "Models on this machine (think)", self._warm

    def _warm(self) -> None:
        if taken := search.chosen(self.look()):
            log.warning("%s at %s thinks, with %s", taken[0].name, taken[0].base_url, taken[1])
        else:
            log.warning("%s", self._nobody())
            if local := _local():
                log.warning("Until then the local model thinks.")
                for _name, load in local.warmers("llm"):
                    load()

    def problems(self, _stage: Stage, spec: CharacterSpec) -> dict[str, str]:
        known = {model for server in self._servers for model in server.models}
        if spec.llm_model and self._servers and spec.llm_model not in known:
            some = ", ".join(sorted(known)[: search.SHOWN_MODELS])
            sentence = _("No server on this machine has %(model)r: choose of %(known)s.")
            return {"llm_model": sentence % {"model": spec.llm_model, "known": some}}
        return {}

    def languages(self, _stage: Stage) -> tuple[str, ...]:
        return ()

    def speaks_written_from(self, spec: CharacterSpec) -> Spoken:
        local = None if self.chosen(spec) else _local()
        return local.speaks_written_from(spec) if isinstance(local, SpeaksFromRepertoire) else BY_MODEL

    def model(self, spec: CharacterSpec) -> Model:
        if taken := self.chosen(spec):
            return Model(taken[1], settings.LLM_CONTEXT_TOKENS)
        local = _local()
        return local.model(spec) if local else Model("none yet", settings.LLM_CONTEXT_TOKENS)


PROVIDER = FoundProvider()

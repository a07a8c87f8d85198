"""Provider `openai`: anything that speaks the OpenAI API, hosted or on the next machine.

Base URL, key and model are set for each stage on its own (OPENAI_LLM_BASE_URL and so on), so that local
speech goes together with a strong remote model.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any, cast

from django.conf import settings
from django.utils.translation import gettext as _
from pipecat.frames.frames import ErrorFrame, Frame, TTSAudioRawFrame
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.openai.stt import OpenAISTTService
from pipecat.services.openai.tts import OpenAITTSService, OpenAITTSSettings
from pipecat.utils.types import assert_given

from characters.provider_choice import Model
from characters.spec import CharacterSpec
from voicebot.pipecat_internals.services import client_of, set_client_options
from voicebot.providers.errors import ProviderError
from voicebot.providers.llm.compatible_llm import CompatibleLLM
from voicebot.providers.llm.dialect import dialect_of
from voicebot.providers.llm.patience import Patience
from voicebot.providers.local.voices.catalogue import known_elsewhere
from voicebot.providers.registry import Stage, Warmer
from voicebot.providers.speech.pronouncing import Respelling
from voicebot.providers.speech.segments import BoundedSegments
from voicebot.providers.speech.speech_audio import MOST_LETTERS_SEC, SpeechDecoder, UnplayableAudio
from voicebot.providers.speech.speech_text import TRANSFORMS
from voicebot.providers.speech.synthesis import BoundedSynthesis

MAX_REPLY_TOKENS = 300
HOSTED = "https://api.openai.com/v1"  # where the SDK goes without a base URL


def _address(stage: Stage) -> dict[str, Any]:
    """Base URL and key of a stage. A server of one's own needs no key, the hosted API does."""
    given = settings.OPENAI[stage]
    if not given["api_key"] and not given["base_url"]:
        raise ProviderError(
            _(
                "The provider openai has no address for %(stage)s: set OPENAI_API_KEY, or OPENAI_BASE_URL "
                "(%(setting)s for this stage alone)."
            )
            % {"stage": stage, "setting": f"OPENAI_{stage.upper()}_BASE_URL"}
        )
    return {"api_key": given["api_key"] or "unused", "base_url": given["base_url"] or None}


def _voice(spec: CharacterSpec) -> str:
    """The voice to ask for: a server of one's own may be one that runs Kokoro."""
    given = settings.OPENAI["tts"]
    return known_elsewhere(spec.voice, speaks_kokoro=bool(given["base_url"])) or str(given["voice"])


def patient(service: Any) -> Any:
    """The service, with a time-out on each call and the SDK's own retries with backoff."""
    set_client_options(service, timeout=settings.PROVIDER_TIMEOUT_SECS, max_retries=settings.PROVIDER_RETRIES)
    return service


def llm_patience() -> Patience:
    """How long a model is waited for: not at all past the time-out if another one can take over."""
    other_answers = settings.STAGE_FALLBACKS["llm"] not in ("", "openai")
    timeout = float(settings.PROVIDER_TIMEOUT_SECS)
    return Patience(
        first_secs=timeout if other_answers else max(timeout, settings.MODEL_LOAD_SECS),
        between_secs=timeout,
        retry_secs=timeout,
        load_secs=settings.MODEL_LOAD_SECS,
        retries=settings.PROVIDER_RETRIES,
    )


class CompatibleSTT(BoundedSegments, OpenAISTTService):
    """OpenAISTTService that is never sent more than half a minute at once."""


class CompatibleTTS(BoundedSynthesis, OpenAITTSService):
    """OpenAITTSService for servers with voices, sample rates and audio formats of their own."""

    def __init__(self, *, assumed_hz: int, spec: CharacterSpec, **kwargs: Any):
        self._respelling = Respelling(spec)
        super().__init__(text_transforms=[*TRANSFORMS, ("*", self._respelling)], **kwargs)
        self._assumed_hz = assumed_hz  # where the server does not tell

    async def change_voice(self, spec: CharacterSpec) -> None:
        """Takes another character's voice, speed and pronunciations, from the next sentence on."""
        self._respelling.take(spec)
        await self.change_settings(OpenAITTSSettings(voice=_voice(spec), speed=spec.voice_speed))

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        chosen = cast(OpenAITTSSettings, self.settings)
        speed = assert_given(chosen.speed) or 1.0
        request = client_of(self).audio.speech.with_streaming_response.create(
            input=text,
            model=str(chosen.model),
            voice=str(chosen.voice),
            response_format="pcm",
            speed=speed,
        )
        try:
            async with request as response:
                await self.start_tts_usage_metrics(text)
                secs = 0.0
                async for pcm in self._decoded(response):
                    await self.stop_ttfb_metrics()
                    yield TTSAudioRawFrame(pcm, self.sample_rate, 1, context_id=context_id)
                    secs += len(pcm) / 2 / self.sample_rate
            if secs * MOST_LETTERS_SEC * speed < len(text):
                yield ErrorFrame(error="speech synthesis failed: its sound is too short for the text")
        except UnplayableAudio as error:
            yield ErrorFrame(error=f"speech synthesis failed: {error}")
        except Exception as error:  # the SDK's own, httpx's, a server that closes half-way
            yield ErrorFrame(error=f"speech synthesis failed: {type(error).__name__}")

    async def _decoded(self, response: Any) -> AsyncGenerator[bytes, None]:
        """The sound of a response, mono int16 PCM at `sample_rate`. Raises UnplayableAudio."""
        kind = response.headers.get("content-type", "")
        decoder = SpeechDecoder(kind, assumed_hz=self._assumed_hz, rate_hz=self.sample_rate)
        async for chunk in response.iter_bytes(self.chunk_size):
            if pcm := decoder.feed(chunk):
                yield pcm
        if pcm := decoder.finish():
            yield pcm


def language_model(address: Mapping[str, Any], spec: CharacterSpec, model: str) -> FrameProcessor:
    """The service of a model at an address, which is `base_url` and `api_key`."""
    limit: dict[str, Any] = {dialect_of(address["base_url"]).limit: MAX_REPLY_TOKENS}
    return CompatibleLLM(
        **address,
        patience=llm_patience(),
        settings=OpenAILLMService.Settings(model=model, temperature=spec.temperature, **limit),
    )


class OpenAIProvider:
    def stt(self, spec: CharacterSpec) -> FrameProcessor:
        model = spec.stt_model or settings.OPENAI["stt"]["model"]
        service = CompatibleSTT(
            **_address("stt"), settings=OpenAISTTService.Settings(model=model, language=spec.language)
        )
        return cast(FrameProcessor, patient(service))

    def llm(self, spec: CharacterSpec) -> FrameProcessor:
        return language_model(_address("llm"), spec, spec.llm_model or settings.OPENAI["llm"]["model"])

    def tts(self, spec: CharacterSpec) -> FrameProcessor:
        given = settings.OPENAI["tts"]
        service = CompatibleTTS(
            **_address("tts"),
            assumed_hz=int(given["sample_rate"]),
            settings=CompatibleTTS.Settings(
                model=spec.tts_model or given["model"],
                voice=_voice(spec),
                speed=spec.voice_speed,
            ),
            spec=spec,
        )
        return cast(FrameProcessor, patient(service))

    def warmers(self, _stage: Stage) -> Iterator[Warmer]:
        yield from ()

    def problems(self, stage: Stage, spec: CharacterSpec) -> dict[str, str]:
        try:
            _address(stage)
        except ProviderError as error:
            return {f"{stage}_provider": str(error)}
        if stage == "tts" and spec.voice_pitch:
            return {
                "voice_pitch": _("%(name)s cannot change the pitch: set it to 0, or let local speak.")
                % {"name": "openai"}
            }
        return {}

    def languages(self, _stage: Stage) -> tuple[str, ...]:
        return ()

    def address(self, stage: Stage) -> str:
        given = settings.OPENAI[stage]
        return given["base_url"] or (HOSTED if given["api_key"] else "")

    def model(self, spec: CharacterSpec) -> Model:
        return Model(spec.llm_model or settings.OPENAI["llm"]["model"], settings.LLM_CONTEXT_TOKENS)


PROVIDER = OpenAIProvider()

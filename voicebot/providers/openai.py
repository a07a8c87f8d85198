"""Provider `openai`: anything that speaks the OpenAI API, hosted or on the next machine.

Base URL, key and model are set for each stage on its own (OPENAI_LLM_BASE_URL and so on), so that local
speech goes together with a strong remote model.
"""

from collections.abc import AsyncGenerator, Iterator
from typing import Any, cast

from django.conf import settings
from pipecat.frames.frames import ErrorFrame, Frame, TTSAudioRawFrame
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.openai.stt import OpenAISTTService
from pipecat.services.openai.tts import OpenAITTSService, OpenAITTSSettings
from pipecat.utils.types import assert_given

from characters.casting import Model
from characters.sheet import Sheet
from voicebot.providers.errors import ProviderError
from voicebot.providers.registry import Stage, Warmer
from voicebot.reply import BriefLLM
from voicebot.speakable import TRANSFORMS

MAX_REPLY_TOKENS = 300


def _address(stage: Stage) -> dict[str, Any]:
    """Base URL and key of a stage. A server of one's own needs no key, the hosted API does."""
    given = settings.OPENAI[stage]
    if not given["api_key"] and not given["base_url"]:
        raise ProviderError(
            f"The provider openai has no address for {stage}: set OPENAI_API_KEY, or OPENAI_BASE_URL "
            f"(OPENAI_{stage.upper()}_BASE_URL for this stage alone)."
        )
    return {"api_key": given["api_key"] or "unused", "base_url": given["base_url"] or None}


def patient(service: Any) -> Any:
    """The service, with a time-out on each call and the SDK's own retries with backoff."""
    service._client = service._client.with_options(
        timeout=settings.PROVIDER_TIMEOUT_SECS, max_retries=settings.PROVIDER_RETRIES
    )
    return service


class CompatibleTTS(OpenAITTSService):
    """OpenAITTSService for servers with voices and sample rates of their own."""

    _settings: OpenAITTSSettings

    async def retune(self, sheet: Sheet) -> None:
        """Takes another character's voice and speed, from the next sentence on."""
        voice = sheet.voice or settings.OPENAI["tts"]["voice"]
        await self._update_settings(OpenAITTSSettings(voice=voice, speed=sheet.voice_speed))

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        request = self._client.audio.speech.with_streaming_response.create(
            input=text,
            model=str(self._settings.model),
            voice=str(self._settings.voice),
            response_format="pcm",
            speed=assert_given(self._settings.speed) or 1.0,
        )
        try:
            async with request as response:
                await self.start_tts_usage_metrics(text)
                async for chunk in response.iter_bytes(self.chunk_size):
                    await self.stop_ttfb_metrics()
                    yield TTSAudioRawFrame(chunk, self.sample_rate, 1, context_id=context_id)
        except Exception as error:  # the SDK's own, httpx's, a server that closes half-way
            yield ErrorFrame(error=f"speech synthesis failed: {type(error).__name__}")


class OpenAIProvider:
    def stt(self, sheet: Sheet) -> FrameProcessor:
        model = sheet.stt_model or settings.OPENAI["stt"]["model"]
        service = OpenAISTTService(
            **_address("stt"), settings=OpenAISTTService.Settings(model=model, language=sheet.language)
        )
        return cast(FrameProcessor, patient(service))

    def llm(self, sheet: Sheet) -> FrameProcessor:
        service = BriefLLM(
            **_address("llm"),
            settings=OpenAILLMService.Settings(
                model=sheet.llm_model or settings.OPENAI["llm"]["model"],
                temperature=sheet.temperature,
                max_completion_tokens=MAX_REPLY_TOKENS,
            ),
        )
        return cast(FrameProcessor, patient(service))

    def tts(self, sheet: Sheet) -> FrameProcessor:
        given = settings.OPENAI["tts"]
        service = CompatibleTTS(
            **_address("tts"),
            sample_rate=int(given["sample_rate"]),
            settings=CompatibleTTS.Settings(
                model=sheet.tts_model or given["model"],
                voice=sheet.voice or given["voice"],
                speed=sheet.voice_speed,
            ),
            text_transforms=TRANSFORMS,
        )
        return cast(FrameProcessor, patient(service))

    def warmers(self, _stage: Stage) -> Iterator[Warmer]:
        yield from ()

    def problems(self, stage: Stage, sheet: Sheet) -> dict[str, str]:
        try:
            _address(stage)
        except ProviderError as error:
            return {f"{stage}_provider": str(error)}
        if stage == "tts" and sheet.voice_pitch:
            return {"voice_pitch": "openai cannot change the pitch: set it to 0, or let local speak."}
        return {}

    def model(self, sheet: Sheet) -> Model:
        return Model(sheet.llm_model or settings.OPENAI["llm"]["model"], settings.LLM_CONTEXT_TOKENS)


PROVIDER = OpenAIProvider()

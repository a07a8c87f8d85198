"""The provider registry: names, dotted paths, and a sentence for each mistake."""

from dataclasses import replace

import pytest
from pipecat.frames.frames import TranscriptionFrame
from pipecat.services.openai.llm import OpenAILLMService

from tests.characters.test_prompts import SHEET
from voicebot.providers import registry
from voicebot.providers.openai import CompatibleTTS
from voicebot.providers.scripted import ScriptedLLM, ScriptedSTT, ScriptedTTS


def test_the_characters_provider_wins_over_the_stages_over_the_default(settings):
    settings.DEFAULT_PROVIDER = "local"
    settings.STAGE_PROVIDERS = {"stt": "", "llm": "openai", "tts": ""}
    assert registry.name_for("stt", SHEET) == "local"
    assert registry.name_for("llm", SHEET) == "openai"
    assert registry.name_for("llm", replace(SHEET, llm_provider="scripted")) == "scripted"


def test_local_speech_goes_together_with_a_remote_mind(settings):
    settings.DEFAULT_PROVIDER = "scripted"
    settings.STAGE_PROVIDERS = {"stt": "", "llm": "openai", "tts": ""}
    settings.OPENAI = {
        **settings.OPENAI,
        "llm": {"base_url": "http://127.0.0.1:1/v1", "api_key": "", "model": "m"},
    }
    services = registry.build(SHEET)
    assert isinstance(services.stt, ScriptedSTT)
    assert isinstance(services.llm, OpenAILLMService)


def test_each_stage_of_openai_has_an_address_of_its_own(settings):
    settings.OPENAI = {
        stage: {
            "base_url": f"http://127.0.0.1:1/{stage}",
            "api_key": stage,
            "model": "m",
            "voice": "af_heart",
            "sample_rate": "22050",
        }
        for stage in registry.STAGES
    }
    services = registry.build(replace(SHEET, **{f"{stage}_provider": "openai" for stage in registry.STAGES}))
    for stage in registry.STAGES:
        client = getattr(services, stage)._client
        assert str(client.base_url) == f"http://127.0.0.1:1/{stage}/"
        assert client.api_key == stage
    assert isinstance(services.tts, CompatibleTTS)
    assert services.tts._assumed_hz == 22050


def test_any_pipecat_service_is_taken_by_its_dotted_path(settings):
    path = "pipecat.services.openai.llm.OpenAILLMService"
    settings.STAGE_OPTIONS = {"stt": {}, "tts": {}, "llm": {"api_key": "k", "settings": {"model": "mine"}}}
    service = registry.factory("llm", path)(SHEET)
    assert isinstance(service, OpenAILLMService)
    assert service._settings.model == "mine"
    settings.STAGE_OPTIONS = {"stt": {}, "tts": {}, "llm": {}}
    settings.PROVIDER_PACKAGES = ["voicebot.providers"]
    own = registry.factory("llm", "voicebot.providers.scripted.ScriptedLLM")(SHEET)
    assert isinstance(own, ScriptedLLM)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nonsense", "There is no provider 'nonsense'"),
        ("pipecat.services.no.Such", "There is no Pipecat service at"),
    ],
)
def test_a_wrong_name_is_answered_with_what_to_do(name, sentence):
    with pytest.raises(registry.ProviderError, match=sentence):
        registry.factory("tts", name)(SHEET)


def test_openai_without_an_address_says_which_setting_is_missing(settings):
    settings.OPENAI = {**settings.OPENAI, "llm": {"base_url": "", "api_key": "", "model": "m"}}
    with pytest.raises(registry.ProviderError, match="OPENAI_API_KEY"):
        registry.factory("llm", "openai")(SHEET)


async def test_what_was_heard_comes_in_as_text():
    made_by = {"stt": lambda _: ScriptedSTT(), "llm": lambda _: ScriptedLLM(), "tts": lambda _: ScriptedTTS()}
    stt = registry.build(SHEET, made_by).stt
    heard: list[str] = []

    async def note(_service, frame) -> None:
        if isinstance(frame, TranscriptionFrame):
            heard.append(frame.text)

    stt.add_event_handler("on_after_push_frame", note)
    await stt.push_frame(TranscriptionFrame("hello \ud83d", "user", "now"))
    assert heard == ["hello \ufffd"]

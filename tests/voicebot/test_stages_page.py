"""The operators' page of the stages: who serves, who does not answer, and what a trial brings."""

import base64
import io
import wave

import pytest
from asgiref.sync import async_to_sync

from tests.workers import free_port
from voicebot import runtime
from voicebot.models import ProviderProfile
from voicebot.providers import provider_watch
from voicebot.providers.local.ears import models
from voicebot.providers.local.voices import engines

# What a trial uses is counted in a database thread.
pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/admin/voicebot/providerprofile/stages/"
TRY = f"{PAGE}try/"
LLM = "pipecat.services.openai.llm.OpenAILLMService"


def sound_of(told: dict) -> tuple[int, float]:
    """The loudest sample, and how many seconds."""
    with wave.open(io.BytesIO(base64.b64decode(told["wav"]))) as file:
        frames = file.readframes(file.getnframes())
        peak = max(
            abs(int.from_bytes(frames[at : at + 2], "little", signed=True)) for at in range(0, len(frames), 2)
        )
        return peak, file.getnframes() / file.getframerate()


@pytest.fixture(autouse=True)
def _scripted(settings) -> None:
    settings.DEFAULT_PROVIDER = "scripted"


@pytest.fixture
def gone() -> ProviderProfile:
    """A profile whose server is not there, with a secret in its address."""
    url = f"http://me:hush@127.0.0.1:{free_port()}/v1"
    profile = ProviderProfile(
        name="gone", stage="llm", service=LLM, options={"base_url": url, "settings": {"model": "big"}}
    )
    profile.seal("sk-hush")
    profile.save()
    return profile


def test_it_names_who_serves_each_stage(admin_client, gone, settings):
    settings.STAGE_FALLBACKS = {**settings.STAGE_FALLBACKS, "llm": "openai"}
    page = admin_client.get(PAGE).content.decode()
    for words in (
        "Ears: speech to text",
        "Mind: the language model",
        "Voice: text to speech",
        "scripted",
        "gone",
    ):
        assert words in page
    assert "takes over" in page
    assert f"127.0.0.1:{gone.options['base_url'].rpartition(':')[2]}" in page
    assert "hush" not in page


def test_who_does_not_answer_is_told_with_the_cause(admin_client, settings, monkeypatch):
    async def refused(_url: str) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    watch = provider_watch.ProviderWatch(refused)
    monkeypatch.setattr(runtime.default(), "provider_watch", watch)
    settings.STAGE_FALLBACKS = {**settings.STAGE_FALLBACKS, "llm": "openai"}
    url = "http://me:hush@127.0.0.1:9/v1"
    settings.OPENAI = {**settings.OPENAI, "llm": {**settings.OPENAI["llm"], "base_url": url}}
    assert "Does not answer" not in admin_client.get(PAGE).content.decode()
    async_to_sync(watch.look)()
    page = admin_client.get(PAGE).content.decode()
    assert "Does not answer: " in page
    assert "http://127.0.0.1:9/v1" in page
    assert "hush" not in page


@pytest.mark.local
def test_what_is_missing_on_this_machine_is_told_with_what_is_used_instead(
    admin_client, settings, monkeypatch
):
    settings.DEFAULT_PROVIDER = "local"
    assert "joe: not here" not in admin_client.get(PAGE).content.decode()
    monkeypatch.setitem(engines._damaged, "piper", "en_US-joe-medium.onnx is damaged")
    monkeypatch.setattr(models, "_damage", ["Whisper base is damaged"])
    page = admin_client.get(PAGE).content.decode()
    assert "joe: not here (en_US-joe-medium.onnx is damaged). am_" in page
    assert "Whisper base is not used (Whisper base is damaged): Whisper tiny.en hears English" in page


@pytest.mark.parametrize("stage", ["tts", "llm", "stt"])
def test_a_trial_of_the_script(admin_client, stage):
    answer = admin_client.post(TRY, {"stage": stage, "name": "scripted"})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert told["words"]
    assert 0 <= told["firstSecs"] <= told["secs"] < 20
    if stage == "tts":
        peak, secs = sound_of(told)
        assert peak > 1000
        assert secs > 0.5


@pytest.mark.local
def test_a_trial_of_the_local_services(admin_client, settings):
    settings.DEFAULT_PROVIDER = "local"
    heard = admin_client.post(TRY, {"stage": "stt", "name": "local"}).json()
    assert heard.get("words", "").lower().count("can you hear me") == 1, heard
    said = admin_client.post(TRY, {"stage": "llm", "name": "local"}).json()
    assert said.get("words"), said


def test_a_trial_that_fails_says_why_and_no_secret(admin_client, gone, settings):
    settings.PROVIDER_RETRIES = 0
    answer = admin_client.post(TRY, {"stage": "llm", "name": "gone"})
    assert answer.status_code == 502
    assert "The model said nothing" in answer.json()["error"]
    assert "hush" not in answer.content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        {"stage": "llm", "name": LLM},
        {"stage": "llm", "name": "nobody"},
        {"stage": "eyes", "name": "scripted"},
        {"stage": "llm"},
        {},
    ],
)
def test_only_who_is_on_the_page_is_tried(admin_client, asked):
    assert admin_client.post(TRY, asked).status_code == 404


def test_only_operators_see_it_and_try(client, admin_client, django_user_model):
    client.force_login(django_user_model.objects.create_user("ed", password="x", is_staff=True))
    assert client.get(PAGE).status_code == 403
    assert client.post(TRY, {"stage": "tts", "name": "scripted"}).status_code == 403
    assert admin_client.get(TRY).status_code == 405

"""Provider profiles: set up in the admin, the key sealed, never shown, and used."""

import base64
import json
from dataclasses import replace

import pytest
from django.core.management import call_command
from django.db import connection
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.openai.tts import OpenAITTSService

from characters.spec import CharacterSpec
from sessions_app.exceptions import RecordUnreadable
from tests.characters.factory import make_character
from voicebot.models import ProviderProfile
from voicebot.providers import registry
from voicebot.providers.capabilities import ProviderCatalog

pytestmark = pytest.mark.django_db
ADD = "/admin/voicebot/providerprofile/add/"
KEY = "sk-zanzibarquince-1234567890"
LLM = "pipecat.services.openai.llm.OpenAILLMService"
TTS = "pipecat.services.openai.tts.OpenAITTSService"
FILLED = {
    "name": "clever",
    "stage": "llm",
    "service": LLM,
    "options": json.dumps({"base_url": "http://127.0.0.1:1/v1", "settings": {"model": "big"}}),
    "context_tokens": "9000",
    "api_key": KEY,
}


@pytest.fixture
def clever(admin_client) -> ProviderProfile:
    answer = admin_client.post(ADD, FILLED)
    assert answer.status_code == 302, answer.context["adminform"].errors
    return ProviderProfile.objects.get()


def test_a_key_is_sealed_and_never_shown_again(clever, admin_client):
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text, encode(sealed_api_key, 'escape') FROM voicebot_providerprofile t")
        assert "zanzibarquince" not in str(cursor.fetchall())
    page = admin_client.get(f"/admin/voicebot/providerprofile/{clever.pk}/change/").content.decode()
    assert "zanzibarquince" not in page
    assert clever.api_key() == KEY
    assert "zanzibarquince" not in admin_client.get("/admin/voicebot/providerprofile/").content.decode()


def test_saving_again_without_a_key_keeps_it_and_forgetting_forgets_it(clever, admin_client, monkeypatch):
    change = f"/admin/voicebot/providerprofile/{clever.pk}/change/"
    assert admin_client.post(change, {**FILLED, "api_key": ""}).status_code == 302
    assert ProviderProfile.objects.get().api_key() == KEY
    forgetting = {**FILLED, "api_key": "", "forget_secrets": "on"}
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    refused = admin_client.post(change, forgetting)
    assert refused.status_code == 200, "Pipecat's OpenAI service wants a key"
    assert ProviderProfile.objects.get().api_key() == KEY
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    assert admin_client.post(change, forgetting).status_code == 302
    assert not ProviderProfile.objects.get().has_api_key


def test_a_profile_serves_the_characters_that_name_it(clever):
    spec = CharacterSpec(slug="m", name="Marlow", llm_provider="clever", llm_model="bigger", temperature=0.9)
    service = registry.factory("llm", "clever")(spec)
    assert isinstance(service, OpenAILLMService)
    assert service._client.api_key == KEY
    assert str(service._client.base_url) == "http://127.0.0.1:1/v1/"
    assert (service._settings.model, service._settings.temperature) == ("bigger", 0.9)
    assert ProviderCatalog().model(spec).limit == 9000
    assert ("clever", "clever (profile)") in ProviderCatalog().providers("llm")
    with pytest.raises(registry.ProviderError, match="no provider 'clever' for tts"):
        registry.factory("tts", "clever")


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"name": "local"}, "name", "built in"),
        ({"service": "pipecat.services.no.Such"}, "service", "no Pipecat service"),
        ({"service": "os.system"}, "service", "PROVIDER_PACKAGES"),
        ({"service": TTS}, "service", "cannot think"),
        ({"options": '{"api_key": "x"}'}, "options", "looks like a secret"),
        ({"options": "[1]"}, "options", "JSON object"),
        ({"options": '{"nonsense": 1, "base_url": 2}'}, "service", "could not be made"),
    ],
)
def test_a_profile_that_cannot_work_is_refused_when_saving(admin_client, change, field, sentence):
    answer = admin_client.post(ADD, {**FILLED, **change})
    assert sentence in str(answer.context["adminform"].form.errors[field])
    assert KEY not in str(answer.context["adminform"].form.errors)
    assert not ProviderProfile.objects.exists()


def test_a_voice_profile_says_what_it_cannot_do(admin_client):
    options = json.dumps({"base_url": "http://127.0.0.1:1/v1"})
    answer = admin_client.post(
        ADD, {**FILLED, "name": "loud", "stage": "tts", "service": TTS, "options": options}
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    spec = CharacterSpec(
        slug="m", name="M", tts_provider="loud", stt_provider="scripted", llm_provider="scripted"
    )
    assert isinstance(registry.factory("tts", "loud")(spec), OpenAITTSService)
    assert ProviderCatalog().problems(spec) == {}
    pitched = replace(spec, voice_pitch=2.0)
    assert "cannot change the pitch" in ProviderCatalog().problems(pitched)["voice_pitch"]


def test_rotating_the_key_ring_rewraps_api_keys_too(clever, settings, capsys):
    old = settings.SESSION_KEYS
    fresh = "new:" + base64.b64encode(bytes(range(7, 39))).decode()
    settings.SESSION_KEYS = f"{fresh},{old}"
    call_command("rotate_session_keys")
    settings.SESSION_KEYS = fresh
    assert ProviderProfile.objects.get().api_key() == KEY
    settings.SESSION_KEYS = old
    with pytest.raises(RecordUnreadable):
        ProviderProfile.objects.get().api_key()


def test_a_profile_that_a_character_is_cast_with_stays(clever, admin_client):
    make_character(llm_provider="clever")
    answer = admin_client.post(f"/admin/voicebot/providerprofile/{clever.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 403

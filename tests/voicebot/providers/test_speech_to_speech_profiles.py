"""Profiles of speech to speech: made in the admin, the key sealed, named by characters, tried and watched."""

import asyncio
import json

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from characters.spec import CharacterSpec
from characters.versions import publishing
from sessions_app.exceptions import RecordUnreadable
from tests.characters.factory import make_character
from tests.voicebot.realtime_server import realtime_server
from voicebot.models import ProviderProfile
from voicebot.providers import ProviderCatalog, ProviderError, provider_watch, registry
from voicebot.providers.speech_to_speech.mind import VendorMind

pytestmark = pytest.mark.django_db
ADD = "/admin/voicebot/providerprofile/add/"
STAGES = "/admin/voicebot/providerprofile/stages/"
KEY = "sk-zanzibarquince-1234567890"
ADDRESS = "http://127.0.0.1:9/v1"
FILLED = {
    "name": "their-voice",
    "stage": "speech_to_speech",
    "service": "openai_realtime",
    "options": json.dumps({"base_url": ADDRESS, "model": "gpt-big", "voice": "cedar"}),
    "context_tokens": "",
    "api_key": KEY,
}
SPEC = CharacterSpec("marlow", "Marlow", speech_to_speech_provider="their-voice")


@pytest.fixture(autouse=True)
def _environment(settings) -> None:
    """What the house itself has is another's: a profile's key must not go there."""
    settings.OPENAI_REALTIME = {
        **settings.OPENAI_REALTIME,
        "base_url": "http://127.0.0.1:7/v1",
        "api_key": "sk-of-the-house",
    }


@pytest.fixture
def profile(admin_client) -> ProviderProfile:
    answer = admin_client.post(ADD, FILLED)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    return ProviderProfile.objects.get()


def test_its_key_is_sealed_and_characters_may_name_it(profile, admin_client):
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text, encode(sealed_api_key, 'escape') FROM voicebot_providerprofile t")
        assert "zanzibarquince" not in str(cursor.fetchall())
    assert profile.api_key() == KEY
    character = make_character()
    form = admin_client.get(f"/admin/characters/character/{character.pk}/change/").context["adminform"].form
    choices = [value for value, _label in form.fields["speech_to_speech_provider"].choices]
    assert "their-voice" in choices
    assert "their-voice" not in [value for value, _label in form.fields["llm_provider"].choices]


def test_it_makes_all_three_services_with_its_own_model(profile):
    services = registry.build(SPEC)
    assert isinstance(services.llm, VendorMind)
    assert services.llm.talk.vendor.model == "gpt-big"
    assert ProviderCatalog().model(SPEC).name == "gpt-big"
    assert ("marin", "marin") in ProviderCatalog().voices(SPEC)
    assert ProviderCatalog().problems(SPEC) == {}
    with pytest.raises(ProviderError, match="no provider 'their-voice' for llm"):
        registry.factory("llm", "their-voice")


def test_what_the_vendor_cannot_do_is_said_of_a_profile_too(profile):
    spec = CharacterSpec(
        "marlow", "Marlow", speech_to_speech_provider="their-voice", voice="af_heart", voice_pitch=2.0
    )
    assert "“cedar”" in " ".join(ProviderCatalog().lacks(spec))
    assert "cannot change the pitch" in ProviderCatalog().problems(spec)["voice_pitch"]


def test_how_much_it_reads_is_the_operator_s_to_say(admin_client):
    assert admin_client.post(ADD, {**FILLED, "context_tokens": "3000"}).status_code == 302
    assert ProviderCatalog().model(SPEC).limit == 3000


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"service": "openai"}, "service", "openai_realtime"),
        ({"service": "pipecat.services.openai.llm.OpenAILLMService"}, "service", "openai_realtime"),
        ({"options": '{"nonsense": 1}'}, "service", "nonsense"),
        ({"options": '{"model": 7}'}, "service", "model"),
        ({"options": "{}", "api_key": ""}, "service", "API key"),
        ({"options": '{"api_key": "x"}'}, "options", "looks like a secret"),
        ({"stage": "llm"}, "service", "no class that may serve here"),
    ],
)
def test_one_that_cannot_work_is_refused_when_saving(admin_client, change, field, sentence):
    answer = admin_client.post(ADD, {**FILLED, **change})
    assert sentence in str(answer.context["adminform"].form.errors[field])
    assert KEY not in str(answer.context["adminform"].form.errors)
    assert not ProviderProfile.objects.exists()


def test_a_key_does_not_follow_to_another_address(profile, admin_client):
    elsewhere = json.dumps({"base_url": "http://127.0.0.1:8/v1"})
    change = f"/admin/voicebot/providerprofile/{profile.pk}/change/"
    answer = admin_client.post(change, {**FILLED, "api_key": "", "options": elsewhere})
    assert "again" in str(answer.context["adminform"].form.errors["api_key"])
    ProviderProfile.objects.update(options={"base_url": "http://127.0.0.1:8/v1"})
    with pytest.raises(RecordUnreadable):
        ProviderProfile.objects.get().api_key()
    with pytest.raises(ProviderError, match="cannot be opened"):
        registry.build(SPEC)


def test_one_that_a_character_is_cast_with_stays(profile, admin_client):
    make_character(speech_to_speech_provider="their-voice")
    answer = admin_client.post(f"/admin/voicebot/providerprofile/{profile.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 403


def test_one_that_the_published_version_is_cast_with_stays_whatever_the_draft_says(profile, admin_client):
    _published_but("their-voice")
    answer = admin_client.post(f"/admin/voicebot/providerprofile/{profile.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 403


def test_a_vendor_of_the_published_version_is_watched_whatever_the_draft_says():
    _published_but("openai_realtime")
    assert provider_watch.addresses()["http://127.0.0.1:7/v1"] == ["speech_to_speech"]


def _published_but(provider: str) -> None:
    """Visitors meet a version with this provider; the draft has gone back to three stages."""
    character = make_character(speech_to_speech_provider=provider)
    publishing.publish(character)
    character.speech_to_speech_provider = ""
    character.save()


def test_its_address_is_watched_and_shown(profile, admin_client):
    assert provider_watch.addresses()[ADDRESS] == ["speech_to_speech"]
    page = admin_client.get(STAGES).content.decode()
    assert "their-voice" in page
    assert "All three" in page


def test_a_vendor_of_the_environment_is_watched_once_a_character_has_it(admin_client):
    assert "http://127.0.0.1:7/v1" not in provider_watch.addresses()
    assert "All three" not in admin_client.get(STAGES).content.decode()
    make_character(speech_to_speech_provider="openai_realtime")
    assert provider_watch.addresses()["http://127.0.0.1:7/v1"] == ["speech_to_speech"]


@pytest.mark.django_db(transaction=True)
async def test_a_trial_speaks_with_the_profile_s_key_and_voice():
    async with realtime_server() as vendor:
        made = ProviderProfile(
            name="their-voice",
            stage="speech_to_speech",
            service="openai_realtime",
            options={"base_url": vendor.url, "voice": "cedar"},
        )
        made.seal(KEY)
        await asyncio.to_thread(made.save)
        tried = await asyncio.to_thread(_tried)
        assert vendor.session.config["voice"] == "cedar"
        assert vendor.keys == [f"Bearer {KEY}"]
        assert vendor.errors == []
    assert tried["wav"]


def _tried() -> dict:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    answer = client.post(f"{STAGES}try/", {"stage": "speech_to_speech", "name": "their-voice"})
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)

"""Gemini Live at the desk, and in a real server."""

import asyncio
import json

import pytest

from characters.spec import CharacterSpec
from tests.patience import PATIENCE_SECS
from tests.visitors import Visitor, speech
from tests.voicebot.connection.test_resume import remembered
from tests.voicebot.gemini.server import gemini_server
from voicebot.providers import ProviderCatalog, registry
from voicebot.providers.speech_to_speech.mind import VendorMind

SPEC = CharacterSpec("marlow", "Marlow", speech_to_speech_provider="gemini_live", voice="Puck")
A_CAPTAIN = """
from characters.models import Character
from characters.versions import publishing
about = {"slug": "quint", "name": "Quint", "greeting": "Welcome aboard.", "description": "A captain."}
publishing.publish(Character.objects.create(**about, speech_to_speech_provider="gemini_live"))
"""


@pytest.fixture
def keyed(settings) -> None:
    settings.GEMINI_LIVE = {**settings.GEMINI_LIVE, "api_key": "key"}


@pytest.mark.django_db
def test_it_makes_all_three_services(keyed):
    services = registry.build(SPEC)
    assert isinstance(services.llm, VendorMind)
    assert services.llm.talk.vendor.model == "gemini-3.8-live"
    assert ("Kore", "Kore") in ProviderCatalog().voices(SPEC)
    assert ProviderCatalog().problems(SPEC) == {}


def test_the_desk_says_what_the_vendor_cannot_do(keyed):
    spec = CharacterSpec(
        "marlow", "Marlow", speech_to_speech_provider="gemini_live", voice="marin", voice_speed=1.2
    )
    said = " ".join(ProviderCatalog().lacks(spec))
    for words in ("“marin”", "“Kore”", "takes nothing back", "own words"):
        assert words in said
    assert "cannot change the speed" in ProviderCatalog().problems(spec)["voice_speed"]


@pytest.mark.django_db
def test_without_a_key_it_says_which(settings):
    settings.GEMINI_LIVE = {**settings.GEMINI_LIVE, "api_key": "", "base_url": ""}
    assert "GEMINI_API_KEY" in ProviderCatalog().problems(SPEC)["speech_to_speech_provider"]


@pytest.mark.django_db
def test_an_operator_makes_a_profile_of_it(admin_client, settings):
    settings.GEMINI_LIVE = {**settings.GEMINI_LIVE, "api_key": "of-the-house"}
    options = json.dumps({"model": "gemini-4-live", "voice": "Puck", "text_model": "gemini-4-flash"})
    form = {"name": "theirs", "stage": "speech_to_speech", "service": "gemini_live", "api_key": "their-key"}
    answer = admin_client.post("/admin/voicebot/providerprofile/add/", {**form, "options": options})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    spec = CharacterSpec("marlow", "Marlow", speech_to_speech_provider="theirs")
    assert registry.build(spec).llm.talk.vendor.model == "gemini-4-live"
    assert ("Zephyr", "Zephyr") in ProviderCatalog().voices(spec)
    assert "takes nothing back" in " ".join(ProviderCatalog().lacks(spec))


@pytest.mark.django_db(transaction=True)
async def test_a_sample_of_the_voice_and_a_written_answer_of_a_draft(settings):
    async with gemini_server() as vendor:
        settings.GEMINI_LIVE = {**settings.GEMINI_LIVE, "base_url": vendor.url}
        sample = await asyncio.to_thread(ProviderCatalog().speak, SPEC, "Welcome aboard, stranger.")
        assert sample.startswith(b"RIFF")
        _model, asked = vendor.requests[0]
        voice = asked["generationConfig"]["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]
        assert voice == {"voiceName": "Puck"}
        talk = [{"role": "system", "content": "You are Marlow."}, {"role": "user", "content": "Who are you?"}]
        said = "".join([piece async for piece in ProviderCatalog().reply(SPEC, talk)])
        assert said.strip() == vendor.reply
        assert vendor.errors == []


async def test_a_real_server_talks_with_it_and_logs_no_word(own_server):
    async with gemini_server() as vendor:
        vendor.hears = ["Hello there.", "Can you tell me a story about a dragon?"]
        server = await asyncio.to_thread(own_server, GEMINI_BASE_URL=vendor.url, LOG_LEVEL="DEBUG")
        await asyncio.to_thread(server.command, "shell", "-c", A_CAPTAIN)
        url, _answer = await asyncio.to_thread(server.start_session, "quint")
        async with Visitor(url) as visitor:
            await visitor.get_ready()
            await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
            await visitor.speak(speech(), silence_secs=2.0)
            await visitor.until(lambda: visitor.server_messages("latency"))
            async with asyncio.timeout(PATIENCE_SECS):  # what is said in two pieces may be two turns
                while vendor.reply not in [turn["text"] for turn in await remembered(visitor, 3)]:
                    await asyncio.sleep(0.1)
        assert vendor.errors == []
        metrics = (await asyncio.to_thread(server.request, "/metrics")).body.decode()
        assert 'provider="gemini_live"' in metrics
    for said in ("dragon", "wide today", "Welcome aboard"):
        assert said not in server.words(), "nothing that was said is in a log"

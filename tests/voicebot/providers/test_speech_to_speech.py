"""A character with a provider of speech to speech in place of the three stages: choosing it at the desk."""

import subprocess
import sys

import pytest

from characters import report
from characters.spec import CharacterSpec
from tests.characters.factory import make_character
from voicebot import extensions
from voicebot.providers import ProviderCatalog, ProviderError, capabilities, registry
from voicebot.providers.speech_to_speech.ears import VendorEars
from voicebot.providers.speech_to_speech.mind import VendorMind
from voicebot.providers.speech_to_speech.serving import services_of
from voicebot.providers.speech_to_speech.talk import Talk
from voicebot.providers.speech_to_speech.vendor import Vendor, VendorLost
from voicebot.providers.speech_to_speech.voice import VendorVoice


@pytest.fixture
def spec() -> CharacterSpec:
    return CharacterSpec("marlow", "Marlow", speech_to_speech_provider="openai_realtime")


@pytest.fixture
def realtime(settings) -> None:
    settings.OPENAI_REALTIME = {
        **settings.OPENAI_REALTIME,
        "base_url": "http://127.0.0.1:9/v1",
        "voice": "marin",
    }


@pytest.mark.django_db
def test_one_provider_makes_all_three_services_around_one_conversation(spec, realtime):
    services = registry.build(spec)
    assert isinstance(services.stt, VendorEars)
    assert isinstance(services.llm, VendorMind)
    assert isinstance(services.tts, VendorVoice)
    assert services.segmented
    made = type(services.voice(spec))
    assert made is not VendorVoice, "the apology is recorded in the house's voice: the vendor may be away"


def test_it_is_offered_for_all_three_and_for_none_of_them():
    assert "openai_realtime" in registry.built_in("speech_to_speech")
    for stage in registry.STAGES:
        assert "openai_realtime" not in registry.built_in(stage)
        with pytest.raises(ProviderError):
            registry.factory(stage, "openai_realtime")


@pytest.mark.django_db
def test_the_desk_names_what_the_vendor_refuses(spec, settings):
    settings.OPENAI_REALTIME = {**settings.OPENAI_REALTIME, "base_url": "", "api_key": ""}
    assert "OPENAI_API_KEY" in ProviderCatalog().problems(spec)["speech_to_speech_provider"]


def test_the_desk_says_what_has_no_effect(realtime):
    spec = CharacterSpec(
        "marlow",
        "Marlow",
        speech_to_speech_provider="openai_realtime",
        voice="af_heart",
        pronunciations="Siobhan = shi-VAWN",
        language_voices={"zh": "zf_xiaobei"},
        temperature=0.9,
    )
    said = " ".join(report.of(spec).remarks)
    for what in ("“af_heart”", "“marin”", "Pronunciations", "further languages", "temperature", "greeting"):
        assert what in said
    three = CharacterSpec("marlow", "Marlow", pronunciations="Siobhan = shi-VAWN")
    assert report.of(three).remarks == []


@pytest.mark.django_db
def test_saving_says_what_has_no_effect(admin_client, realtime):
    character = make_character(voice="af_heart")
    page = admin_client.get(f"/admin/characters/character/{character.pk}/change/")
    form = page.context["adminform"].form
    assert "speech_to_speech_provider" in form.fields
    choices = [value for value, _label in form.fields["speech_to_speech_provider"].choices]
    assert choices == ["", "openai_realtime", "gemini_live"]


def test_nothing_of_a_vendor_is_loaded_before_a_character_names_one():
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'\n"
        "import django; django.setup()\n"
        "import voicebot.pipeline, voicebot.connection\n"
        "names = ('ears', 'mind', 'voice', 'talk', 'openai_realtime', 'openai_provider', 'gemini.session')\n"
        "found = [n for n in names if f'voicebot.providers.speech_to_speech.{n}' in sys.modules]\n"
        "found += [n for n in sys.modules if n.startswith('pipecat.services.openai.realtime')]\n"
        "print(found)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip().splitlines()[-1] == "[]"


class AnotherVendor(extensions.BaseProvider):
    def speech_to_speech(self, spec: CharacterSpec) -> list:
        talk = Talk(Vendor("acme", "m", self.connect, 600.0, 8_000))
        return list(services_of(talk, language=spec.language, voice=spec.voice))

    def lacks(self, _spec: CharacterSpec) -> list[str]:
        return ["It cannot whisper."]

    async def connect(self) -> None:
        raise VendorLost("nobody is there")


@pytest.mark.django_db
def test_an_app_may_register_another_vendor(monkeypatch):
    monkeypatch.setattr(registry, "ADDED", dict(registry.ADDED))
    monkeypatch.setattr(registry, "SERVES", dict(registry.SERVES))
    monkeypatch.setattr(capabilities, "LABELS", dict(capabilities.LABELS))
    extensions.provider("acme", AnotherVendor(), stages=("speech_to_speech",), label="Acme")
    assert ("acme", "Acme") in ProviderCatalog().providers("speech_to_speech")
    spec = CharacterSpec("marlow", "Marlow", speech_to_speech_provider="acme")
    assert isinstance(registry.build(spec).llm, VendorMind)
    assert report.of(spec).remarks == ["It cannot whisper."]

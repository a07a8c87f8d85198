"""An editor hears a voice of speech to speech, and reads what it answers, outside of any conversation."""

import asyncio
import io
import wave

import pytest

from characters.spec import CharacterSpec
from tests.voicebot.realtime_server import realtime_server
from voicebot.providers import ProviderCatalog

SPEC = CharacterSpec("marlow", "Marlow", speech_to_speech_provider="openai_realtime", voice="cedar")


@pytest.mark.django_db(transaction=True)
async def test_a_sample_of_the_voice_is_the_vendor_s(settings):
    async with realtime_server() as vendor:
        settings.OPENAI_REALTIME = {**settings.OPENAI_REALTIME, "base_url": vendor.url}
        sample = await asyncio.to_thread(ProviderCatalog().speak, SPEC, "Welcome aboard, stranger.")
        assert vendor.session.config["voice"] == "cedar"
        assert vendor.errors == []
    with wave.open(io.BytesIO(sample)) as file:
        assert 1.0 < file.getnframes() / file.getframerate() < 3.0


@pytest.mark.django_db(transaction=True)
async def test_a_draft_answers_in_writing(settings):
    async with realtime_server() as vendor:
        settings.OPENAI_REALTIME = {**settings.OPENAI_REALTIME, "base_url": vendor.url}
        talk = [{"role": "system", "content": "You are Marlow."}, {"role": "user", "content": "Who are you?"}]
        said = "".join([piece async for piece in ProviderCatalog().reply(SPEC, talk)])
        assert said.strip() == vendor.reply
        assert ("user", "Who are you?") in vendor.session.said
        assert vendor.errors == []

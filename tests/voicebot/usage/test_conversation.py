"""What a conversation uses is counted: as the provider tells it, else by an estimate, and what for."""

import asyncio

import pytest
from django.db.models import Sum

from sessions_app.database import in_database
from sessions_app.models import Usage
from tests.voicebot.live import conversation
from tests.voicebot.model_server import model_server, used
from voicebot.providers.llm.compatible_llm import CompatibleLLM
from voicebot.providers.llm.patience import Patience
from voicebot.providers.scripted import ScriptedSTT
from voicebot.usage import named

pytestmark = pytest.mark.django_db(transaction=True)
WAV_HEAD = 44  # bytes
PATIENCE = Patience(first_secs=5, between_secs=5, retry_secs=5, load_secs=5, retries=0)


@pytest.fixture
async def model():
    async with model_server() as running:
        yield running


def llm_of(model):
    def make():
        settings = CompatibleLLM.Settings(model="m-1")
        service = CompatibleLLM(api_key="none", base_url=model.url, patience=PATIENCE, settings=settings)
        return named(service, "acme")

    return make


async def counted(**which) -> dict[str, int]:
    rows = Usage.objects.filter(**which)
    found = await in_database(lambda: rows.aggregate(**{name: Sum(name) for name in Usage.AMOUNTS}))
    return {name: amount for name, amount in found.items() if amount}


async def test_a_spoken_turn_is_counted_in_all_three_stages_when_it_is_written(model):
    model.usage = used(1200, 20, cached=1000, reasoning=5)
    sent: list[int] = []

    class Ears(ScriptedSTT):
        async def run_stt(self, audio):
            sent.append(len(audio) - WAV_HEAD)
            async for frame in super().run_stt(audio):
                yield frame

    async with conversation(llm=llm_of(model), stt=Ears) as one:
        await one.greeted()
        await one.say(silence_secs=1.5)
        await one.until(lambda: len(one.of("bot-stopped-speaking")) == 2)
        await one.turns()
        mind = await counted(stage="llm", provider="acme", model="m-1", session_id=one.session_id)
        assert mind == {
            "calls": 1,
            "input_tokens": 200,
            "cached_tokens": 1000,
            "output_tokens": 20,
            "reasoning_tokens": 5,
        }
        ears = await counted(stage="stt")
        assert ears["calls"] == len(sent)
        assert ears["heard_ms"] == pytest.approx(sum(sent) / 32, abs=len(sent))
        voice = await counted(stage="tts")
        assert voice["characters"] >= len(model.reply)
        assert voice["spoken_ms"] >= 2000
        assert await in_database(Usage.objects.values_list("character", flat=True).distinct().get) == "marlow"


async def test_a_reply_that_is_not_read_to_its_end_is_estimated(model):
    model.usage = used(1200, 20)
    model.say("This is one sentence. ", *["And one more of them. ", 0.3] * 20)  # more than it may say
    async with conversation(llm=llm_of(model), reply_sentences=1) as one:
        await one.greeted()
        await one.type("Tell me of the sea.")
        await one.until(lambda: len(one.of("bot-stopped-speaking")) == 2)
    mind = await counted(stage="llm")
    assert (mind["calls"], mind["estimated"]) == (1, 1)
    assert mind["input_tokens"] > 20
    assert mind["output_tokens"] > 0


async def test_a_server_that_tells_no_usage_is_estimated(model):
    async with conversation(llm=llm_of(model)) as one:
        await one.greeted()
        await one.type("Tell me of the sea.")
        await one.until(lambda: len(one.of("bot-stopped-speaking")) == 2)
    assert (await counted(stage="llm"))["estimated"] == 1


async def test_a_request_that_is_refused_costs_nothing(model):
    async def refuse(*_):
        from aiohttp import web

        return web.json_response({"error": {"message": "no"}}, status=401)

    model.behaviour = refuse
    async with conversation(llm=llm_of(model)) as one:
        await one.greeted()
        await one.type("Tell me of the sea.")
        await one.until(lambda: one.pipeline.life.errors["llm"])
    assert await counted(stage="llm") == {}


async def test_a_summary_counts_as_a_summary(model, monkeypatch):
    from voicebot.history import summary

    monkeypatch.setattr(summary, "SUMMARISE_FROM", 4)
    monkeypatch.setattr(summary, "KEEP_TURNS", 2)
    model.usage = used(300, 10)
    async with conversation(llm=llm_of(model)) as one:
        await one.greeted()
        for number in range(2):
            await one.type("Tell me of the sea.")
            await one.until(lambda number=number: len(one.of("bot-stopped-speaking")) == number + 2)
        async with asyncio.timeout(20):
            while not one.pipeline.state.summary:
                await asyncio.sleep(0.05)
    assert await counted(source="summary") == {"calls": 1, "input_tokens": 300, "output_tokens": 10}
    assert (await counted(source="talk", stage="llm"))["calls"] == 2

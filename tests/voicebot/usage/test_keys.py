"""An API key: what begins by it counts as its own, its budget refuses, and its bearer reads what was used."""

import json
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from sessions_app.conversations import export
from sessions_app.costs import Meter
from sessions_app.identity import api_keys
from sessions_app.manager import SyncSessionManager
from sessions_app.models import Budget, Price, VoiceSession
from tests.characters.factory import make_character
from tests.voicebot.model_server import model_server, used
from tests.voicebot.usage.test_conversation import llm_of
from voicebot import runtime
from voicebot.providers import JSONAnswers
from voicebot.usage import Used, counting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _asked_anew():
    runtime.default().budgets.forget()
    yield
    runtime.default().budgets.forget()


def begin(client: Client):
    return client.post("/api/start", {"body": {"character": "marlow"}}, "application/json")


def test_a_key_whose_day_is_spent_begins_nothing_and_others_do():
    make_character()
    key, text = api_keys.issue("partner", [])
    client = Client(headers={"authorization": f"Bearer {text}"})
    assert begin(client).status_code == 200
    session = VoiceSession.objects.get()
    assert session.api_key == key.pk
    meter = Meter(uuid4(), character="marlow", api_key=session.api_key)
    meter.add("llm", "openai", "", calls=1, output_tokens=2_000_000)
    SyncSessionManager().count(session.id, meter.take_changed())
    Price.objects.create(
        stage="llm",
        provider="openai",
        unit="output_tokens",
        price=Decimal(1),
        currency="EUR",
        valid_from=timezone.localdate(),
    )
    Budget.objects.create(amount=Decimal(2), api_key=key)
    runtime.default().budgets.forget()
    refused = begin(client)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "budget_spent")
    assert begin(Client()).status_code == 200


def test_a_sessions_owner_reads_what_it_has_used():
    make_character()
    client = Client()
    assert begin(client).status_code == 200
    session = VoiceSession.objects.get()
    meter = Meter(uuid4(), character="marlow")
    meter.add("llm", "openai", "gpt", calls=1, estimated=1, input_tokens=9, cached_tokens=4, output_tokens=3)
    SyncSessionManager().count(session.id, meter.take_changed())
    (told,) = json.loads("".join(export(SyncSessionManager(), session.id)))["usage"]
    assert Used.model_validate(told), "as the API describes it"
    assert (told["provider"], told["model"], told["inputTokens"], told["cachedInputTokens"]) == (
        "openai",
        "gpt",
        9,
        4,
    )
    assert (told["requests"], told["estimatedRequests"], told["outputTokens"]) == (1, 1, 3)
    assert "cost" not in told


async def test_what_reads_memories_counts_as_memory():
    meter = Meter(character="marlow")
    async with model_server() as model:
        model.usage, model.reply = used(50, 6), "{}"
        with counting(meter, "memory"):
            await JSONAnswers(llm_of(model)())("Note.", "words", {"type": "object", "properties": {}})
    (row,) = meter.rows()
    assert (row["source"], row["provider"], row["input_tokens"], row["output_tokens"]) == (
        "memory",
        "acme",
        50,
        6,
    )

"""Usage that no turn takes along: the desk's, what a spool brings home, and what Prometheus is told."""

from dataclasses import replace

import pytest
from django.utils import timezone
from prometheus_client import generate_latest

from characters.spec import CharacterSpec
from sessions_app.database import in_database
from sessions_app.manager import SyncSessionManager
from sessions_app.models import Usage
from sessions_app.session import Turn
from tests.characters.factory import make_character
from tests.voicebot.model_server import model_server, used
from tests.voicebot.usage.test_conversation import llm_of
from voicebot.history.spool import Spool
from voicebot.history.spool_recovery import SpoolRecovery
from voicebot.ops import metrics
from voicebot.providers import text_reply
from voicebot.providers.scripted import ScriptedTTS
from voicebot.providers.speech import voice_sample
from voicebot.usage import ConnectionMeter, named

pytestmark = pytest.mark.django_db(transaction=True)
SHEET = CharacterSpec(slug="marlow", name="Captain Marlow", system_prompt="You are {{char}}.")


async def test_a_chat_with_a_draft_counts_as_the_desks_and_as_no_sessions():
    async with model_server() as model:
        model.usage = used(90, 8, cached=30)
        for _ in range(2):
            said = [
                piece
                async for piece in text_reply.pieces(
                    lambda _spec: llm_of(model)(), SHEET, [{"role": "user", "content": "Ahoy?"}]
                )
            ]
            assert "sea" in "".join(said)
    row = await in_database(Usage.objects.get)
    assert (row.session_id, row.source, row.character, row.provider) == (None, "desk", "marlow", "acme")
    assert (row.calls, row.input_tokens, row.cached_tokens, row.output_tokens) == (2, 120, 60, 16)


async def test_what_a_voice_says_beforehand_counts_as_that():
    voice = named(ScriptedTTS(), "acme-voice")
    assert await voice_sample.wav(lambda _spec: voice, SHEET, "Forgive me.", "beforehand")
    row = await in_database(Usage.objects.get)
    assert (row.source, row.provider, row.characters) == ("beforehand", "acme-voice", len("Forgive me."))
    assert row.spoken_ms == 2000


def test_a_spool_brings_usage_home_with_its_turn(tmp_path):
    make_character()
    manager = SyncSessionManager()
    session = manager.create(character="marlow", visitor="anon:me")
    meter = ConnectionMeter(session.id, character="marlow")
    meter.add("llm", "acme", "m", calls=1, input_tokens=7)

    class Writer:
        usage = None

    meter.give_to(writer := Writer())
    said = Turn(1, "assistant", "zanzibarquince", False, timezone.now(), "marlow@1")
    spool = Spool(tmp_path)
    spool.append([(session.id, replace(said.sealed(manager.sealer(session.id)), usage=writer.usage()))])
    spool.close()
    assert b"zanzibarquince" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert SpoolRecovery(Spool(tmp_path)).bring_home() == 1
    assert Usage.objects.get().input_tokens == 7


def test_prometheus_is_told_by_provider():
    metrics.note_usage(
        "acme-counted", {"input_tokens": 5, "cached_tokens": 3, "heard_ms": 1500, "characters": 12}
    )
    told = generate_latest().decode()
    for line in (
        'greenroom_llm_tokens_total{kind="input",provider="acme-counted"} 5.0',
        'greenroom_llm_tokens_total{kind="cached",provider="acme-counted"} 3.0',
        'greenroom_stt_seconds_total{provider="acme-counted"} 1.5',
        'greenroom_tts_characters_total{provider="acme-counted"} 12.0',
    ):
        assert line in told

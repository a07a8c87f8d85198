"""Who waits for silence waits for the visitor's sentence and its answer, and for nothing else."""

import asyncio
import time

import pytest

from tests.visitors import speech
from tests.voicebot.live import conversation, standing
from tests.voicebot.players import DeafSTT, SlowLLM
from voicebot.pipeline.activity import State

pytestmark = pytest.mark.django_db(transaction=True)
COUGH = speech()[:8000]


async def test_a_cough_is_not_waited_for():
    async with conversation(stt=DeafSTT) as one:
        await one.greeted()
        began = time.monotonic()
        await one.say(COUGH, silence_secs=1)
        assert one.pipeline.activity.state is State.TRANSCRIBING
        assert await one.pipeline.settle(20)
        assert time.monotonic() - began < 9


async def test_a_noise_takes_no_answer_away():
    async with conversation(llm=SlowLLM, stt=DeafSTT) as one:
        await one.greeted()
        await one.type("One more thing.")
        await one.until(lambda: one.of("bot-llm-started"))
        await one.say(COUGH, silence_secs=1)
        await one.until(lambda: len(one.of("bot-stopped-speaking")) == 2)
        assert await one.pipeline.settle(5)
        assert [turn.text for turn in await one.turns()][1:] == ["One more thing.", "Aye."]
        roles = [message["role"] for message in one.pipeline.context.get_messages()]
        assert set(roles) == {"user", "assistant"}, "nobody's words are in the conversation"


async def test_a_greeting_that_a_noise_has_cut_off_goes_on():
    async with conversation(stt=DeafSTT) as one:
        await one.ready()
        await one.until(lambda: one.audible_at)
        await one.say(COUGH, silence_secs=1)
        await one.until(lambda: one.of("bot-stopped-speaking"))
        assert [(turn.role, turn.interrupted) for turn in await one.turns()] == [("assistant", False)]


async def test_a_sentence_that_began_as_a_barge_in_is_heard_and_answered_first():
    async with conversation(llm=SlowLLM) as one:
        await one.ready()
        await one.until(lambda: one.audible_at)
        speaking = asyncio.create_task(one.say(silence_secs=8))
        await one.until(lambda: one.of("user-started-speaking"))
        await one.until(lambda: one.of("bot-stopped-speaking"))
        waiting = asyncio.create_task(one.pipeline.settle(30))
        await one.until(lambda: len(one.of("bot-stopped-speaking")) == 2)
        assert await waiting
        assert [turn.role for turn in await one.turns()][-2:] == ["user", "assistant"]
        speaking.cancel()


async def test_a_typed_question_is_answered_first():
    async with conversation(llm=SlowLLM) as one:
        await one.greeted()
        await one.type("One more thing.")
        await one.until(lambda: one.of("bot-llm-started"))
        assert await one.pipeline.settle(20)
        assert [turn.text for turn in await one.turns()][1:] == ["One more thing.", "Aye."]


async def test_waiting_is_bounded():
    async with conversation(llm=SlowLLM) as one:
        await one.greeted()
        await one.type("One more thing.")
        await one.until(lambda: one.of("bot-llm-started"))
        assert not await one.pipeline.settle(0.2)


async def test_it_is_called_quiet_when_it_is_and_not_while_the_model_thinks():
    async with conversation(llm=SlowLLM, quiet_secs=1.0) as one:
        await one.greeted()
        one.quiet.clear()
        await one.type("One more thing.")
        await one.until(lambda: len(one.of("bot-started-speaking")) == 2)
        assert not one.quiet.is_set()
        await asyncio.wait_for(one.quiet.wait(), 10)


async def test_a_pipeline_that_is_stopped_before_it_runs_does_not_run():
    one = await standing()
    await one.pipeline.cancel()
    await asyncio.wait_for(one.pipeline.run(), 5)

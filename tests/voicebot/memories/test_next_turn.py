"""What is committed when a turn begins is known to its answer, whichever process has learnt it.

Whoever learns here is no connection of this test's: nobody tells the one that answers.
"""

import asyncio

import pytest
from pipecat.frames.frames import TranscriptionFrame

from sessions_app.database.threads import in_database
from sessions_app.memories import Bounds, Finding, Memories
from sessions_app.stores.db import DatabaseStore
from tests.characters.factory import make_character
from tests.voicebot.memories.test_remembering import MARLOW, VISITOR, Day, agree, say, talk
from voicebot.history.freshness import Freshness
from voicebot.providers.scripted import ScriptedSTT

DOG = Finding("has a dog called Pip", "life", "pet:dog", 0.9, value="Pip")
CAT = Finding("has a cat called Mog", "life", "pet:cat", 0.9, value="Mog")

pytestmark = pytest.mark.django_db(transaction=True)


async def learn(*findings: Finding) -> None:
    await Memories(Day()).add(VISITOR, MARLOW, list(findings), Bounds())


@pytest.fixture
async def agreed():
    await agree()


async def test_the_very_next_typed_turn_knows_what_was_learnt_elsewhere(agreed):
    async with talk(Day()) as (one, model):
        await one.greeted()
        await say(one, "Good evening.")
        await learn(DOG)
        await say(one, "What do you know of me?")
        assert DOG.text in model.told
        await Memories(Day()).forget_all(VISITOR)
        await say(one, "And now?")
        assert DOG.text not in model.told


class Hears(ScriptedSTT):
    async def run_stt(self, audio):
        yield TranscriptionFrame("What do you know of me?", "", "")


async def test_the_very_next_spoken_turn_knows_it_too(agreed):
    async with talk(Day(), stt=Hears) as (one, model):
        await one.greeted()
        await learn(DOG)
        await one.say(silence_secs=1.5)
        await one.until(lambda: model.asked)
        await one.until(lambda: len(one.of("bot-stopped-speaking")) > 1)
        assert DOG.text in model.told


async def test_an_answer_given_elsewhere_is_known_at_the_next_turn():
    await in_database(make_character, remembers=True)
    async with talk(Day()) as (one, model):
        await one.greeted()
        await Memories().set_consent(VISITOR, MARLOW, True)
        await learn(DOG)
        await say(one, "What do you know of me?")
        assert DOG.text in model.told
        assert one.pipeline.state.context.remembering.consent == "yes"


async def test_what_was_forgotten_here_stays_out_of_the_prompt_while_the_database_has_not_heard_of_it(
    agreed, monkeypatch
):
    """Another process has learnt something meanwhile, and all of it is read again."""
    await learn(DOG)
    held, forget = asyncio.Event(), Memories.forget_some

    async def late(self, *which):
        await held.wait()
        return await forget(self, *which)

    monkeypatch.setattr(Memories, "forget_some", late)
    async with talk(Day()) as (one, model):
        await one.greeted()
        before = len(one.of("bot-stopped-speaking"))
        await one.type("Please forget my dog.")
        await one.until(lambda: len(one.of("bot-stopped-speaking")) > before)
        await learn(CAT)
        await one.type("What do you know of me?")
        await one.until(lambda: len(one.of("bot-stopped-speaking")) > before + 1)
        assert CAT.text in model.told
        assert DOG.text not in model.told
        held.set()


async def test_a_database_that_does_not_answer_keeps_one_turn_waiting_and_no_other(agreed, monkeypatch):
    answers, append = asyncio.Event(), DatabaseStore.append
    loop = asyncio.get_running_loop()

    def slow(self, *turns):
        asyncio.run_coroutine_threadsafe(answers.wait(), loop).result()
        return append(self, *turns)

    async with talk(Day()) as (one, model):
        await one.greeted()
        await one.turns()
        monkeypatch.setattr(DatabaseStore, "append", slow)
        for number, text in enumerate(("Good evening.", "Are you there?"), 2):
            await one.type(text)
            await one.until(lambda number=number: len(one.of("bot-stopped-speaking")) == number)
        freshness = one.pipeline.state.context.writer.freshness
        assert await freshness.revision_at_turn(3600) is None
        answers.set()
        await one.turns()
        assert await freshness.revision_at_turn(3600)
    assert model.asked


async def test_a_statement_that_was_sent_before_the_turn_began_says_nothing_of_it():
    now = 0.0
    freshness = Freshness(lambda: now)
    freshness.said("old", asked_at=1.0)
    now = 2.0
    freshness.turn_begins()
    waiting = asyncio.ensure_future(freshness.revision_at_turn(3600))
    freshness.said("between", asked_at=1.5)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    freshness.said("new", asked_at=2.0)
    assert await waiting == "new"


async def test_nobody_waits_for_a_database_that_is_known_to_be_away():
    freshness = Freshness()
    freshness.turn_begins()
    waiting = asyncio.ensure_future(freshness.revision_at_turn(3600))
    await asyncio.sleep(0)
    freshness.failed()
    assert await waiting is None
    assert await freshness.revision_at_turn(3600) is None


async def test_an_answer_to_the_question_outlives_a_reading_from_before_it(monkeypatch):
    await in_database(make_character, remembers=True)
    held, read = asyncio.Event(), Memories.known

    async def late(self, *whose):
        known = await read(self, *whose)
        await held.wait()
        return known

    async with talk(Day()) as (one, _model):
        await one.greeted()
        monkeypatch.setattr(Memories, "known", late)
        remembering = one.pipeline.state.context.remembering
        reading = asyncio.ensure_future(remembering.changed())
        await asyncio.sleep(0)
        remembering._answer(agreed=True)
        held.set()
        await reading
        await asyncio.wait(set(remembering._tasks))
        assert remembering.consent == "yes"

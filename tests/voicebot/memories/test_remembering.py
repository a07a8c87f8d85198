"""A character that remembers, in a pipeline: asks once, learns beside the talk, recalls, forgets."""

import asyncio
import contextlib
import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.db.backends.utils import CursorWrapper
from pipecat.frames.frames import LLMContextFrame, TTSAudioRawFrame
from pipecat.processors.frame_processor import FrameDirection

from sessions_app.database.threads import in_database
from sessions_app.memories import Memories
from sessions_app.models import SealedMemory
from tests.characters.factory import make_character
from tests.voicebot.live import conversation
from voicebot.memories import Learning
from voicebot.providers.scripted import RATE_HZ, TONE, ScriptedLLM, ScriptedTTS

pytestmark = pytest.mark.django_db(transaction=True)
VISITOR, MARLOW = "anon:me", "marlow"


class Day:
    """A clock on some day at noon."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Reads(ScriptedLLM):
    """A model that notes what it is given."""

    asked: list[list[dict]]

    def __init__(self) -> None:
        super().__init__()
        self.asked = []

    async def process_frame(self, frame, direction):
        if isinstance(frame, LLMContextFrame) and direction == FrameDirection.DOWNSTREAM:
            self.asked.append(frame.context.get_messages())
        await super().process_frame(frame, direction)

    @property
    def told(self) -> str:
        """What stood before the last message."""
        return " ".join(m["content"] for m in self.asked[-1] if m["role"] == "system")


class Brief(ScriptedTTS):
    """Speaks each sentence as a tenth of a second of sound."""

    async def run_tts(self, text, context_id):
        yield TTSAudioRawFrame(TONE[: RATE_HZ // 10].tobytes(), RATE_HZ, 1, context_id=context_id)


@contextlib.asynccontextmanager
async def talk(day: Day, model: Reads | None = None, **options):
    model = model or Reads()
    learning = Learning(Memories(day), clock=day)
    options = {"remembers": True, **options}
    async with conversation(llm=lambda: model, tts=Brief, learning=learning, **options) as one:
        yield one, model


async def say(one, text: str) -> None:
    """Types, and waits for the reply to be over and for what was learnt."""
    before = len(one.of("bot-stopped-speaking"))
    await one.type(text)
    await one.until(lambda: len(one.of("bot-stopped-speaking")) > before)
    await learnt_all(one)


async def learnt_all(one) -> None:
    remembering = one.pipeline.state.context.remembering
    while remembering._tasks:
        await asyncio.wait(set(remembering._tasks), timeout=5)


def learnt(one) -> list[list[str]]:
    """What the page was told of, message by message."""
    told = [message["learnt"] for message in one.server_messages("memory") if message.get("learnt")]
    return [[memory["text"] for memory in memories] for memories in told]


def known(one) -> set[str]:
    return {memory.text for memory in one.pipeline.state.context.remembering.known}


async def agree(**character) -> None:
    """There is a character that remembers, and the visitor has said yes to it."""
    await in_database(make_character, remembers=True, **character)
    await Memories().set_consent(VISITOR, MARLOW, True)


async def test_nothing_is_said_of_it_by_a_character_that_does_not_remember():
    async with talk(Day(), remembers=False) as (one, _model):
        await one.greeted()
        await say(one, "My name is Robin.")
        assert not one.server_messages("memory")
    assert not await in_database(SealedMemory.objects.exists)


async def test_the_visitor_is_asked_once_and_what_was_said_before_a_yes_is_kept():
    async with talk(Day(), memory_question="May I write you down?") as (one, _model):
        await one.greeted()
        (told,) = one.server_messages("memory")
        assert told == {"type": "memory", "consent": "", "question": "May I write you down?", "known": 0}
        await one.type("My name is Robin.")
        await one.until(lambda: any("write you down" in m["data"]["text"] for m in one.of("bot-output")))
        assert not await in_database(SealedMemory.objects.exists), "not before the answer"
        await say(one, "Yes, you may.")
        await one.until(lambda: learnt(one))
        assert learnt(one) == [["is called Robin"]]
        await say(one, "I have a dog called Pip.")
        await one.until(lambda: len(learnt(one)) > 1)
        await learnt_all(one)
        assert known(one) == {"is called Robin", "has a dog called Pip"}
        spoken = [m["data"]["text"] for m in one.of("bot-output") if "write you down" in m["data"]["text"]]
        assert len({text for text in spoken}) == 1


async def test_a_no_by_voice_is_a_no():
    async with talk(Day()) as (one, _model):
        await one.greeted()
        await one.type("My name is Robin.")
        await one.until(lambda: one.pipeline.state.context.remembering._asking)
        await say(one, "No, I'd rather not.")
        await say(one, "I have a dog called Pip.")
        assert (await Memories().known(VISITOR, MARLOW)).consent == "no"
    assert not await in_database(SealedMemory.objects.exists)


async def test_the_question_of_the_page_is_answered_by_voice_and_is_not_asked_aloud_then():
    async with talk(Day(), memory_question="May I write you down?") as (one, _model):
        await one.greeted()
        await say(one, "You may remember me.")
        assert one.server_messages("memory")[-1]["consent"] == "yes", "and the page puts its question away"
        assert (await Memories().known(VISITOR, MARLOW)).consent == "yes"
        await say(one, "My name is Robin.")
        assert known(one) == {"is called Robin"}
        assert not [m for m in one.of("bot-output") if "write you down" in m["data"]["text"]]
        await say(one, "Stop remembering me.")
        assert (await Memories().known(VISITOR, MARLOW)).consent == "no"
        assert known(one) == set()
    assert not await in_database(SealedMemory.objects.exists)


async def test_whoever_has_not_answered_is_not_asked_aloud_in_the_next_conversation():
    async with talk(Day()) as (one, _model):
        await one.greeted()
        await one.type("My name is Robin.")
        await one.until(lambda: one.pipeline.state.context.remembering._asking)
        await say(one, "Tell me about the sea.")
    async with talk(Day()) as (one, _model):
        await one.greeted()
        await say(one, "My name is Robin.")
        assert not one.pipeline.state.context.remembering._asking
        assert one.server_messages("memory")[0]["question"], "on the page it stands"


async def test_what_was_asked_in_two_conversations_is_told_to_the_model_with_its_count():
    day = Day()
    await agree()
    async with talk(day) as (one, _model):
        await one.greeted()
        await say(one, "Tell me about the kraken.")
    async with talk(day) as (one, _model):
        await one.greeted()
        await say(one, "What is the kraken?")
    async with talk(day) as (one, model):
        await one.greeted()
        await say(one, "Good evening.")
        assert '"asked about the kraken twice"' in model.told


async def test_a_day_later_it_greets_by_name_asks_about_the_plan_and_knows_the_dog():
    """The first part of the issue's "Shown by"; another connection has nothing in memory of the first."""
    day = Day()
    line = "{{user}}, there you are! {{memory::plan}}"
    await agree(returning_greeting=line)
    async with talk(day) as (one, _model):
        await one.greeted()
        await say(one, "My name is Robin, and I have a dog called Pip.")
        await say(one, "I am going to sail to Crete on Tuesday.")
    day.now += timedelta(days=1)
    async with talk(day) as (one, model):
        await one.greeted()
        greeting = " ".join(m["data"]["text"] for m in one.of("bot-output"))
        assert "Robin, there you are!" in greeting
        assert "You planned to sail to Crete on Tuesday." in greeting
        assert "How does it look?" in greeting
        await say(one, "What is my dog called?")
        assert "has a dog called Pip" in model.told
        assert [message["role"] for message in model.asked[-1]][-2:] == ["system", "user"]
        await say(one, "Please forget my dog.")
        assert "Pip" not in model.told, "in that very turn"
        await say(one, "What is my dog called?")
        assert "Pip" not in model.told
        assert "is called Robin" in model.told
    left = {memory.text for memory in (await Memories(day).known(VISITOR, MARLOW)).recollections}
    assert not [text for text in left if "Pip" in text or "dog" in text]


async def test_where_no_line_is_written_the_model_greets():
    day = Day()
    await agree()
    async with talk(day) as (one, _model):
        await one.greeted()
        await say(one, "My name is Robin.")
    async with talk(day) as (one, model):
        await one.ready()
        await one.until(lambda: model.asked)
        assert "remember them" in model.asked[-1][-1]["content"]
        assert "is called Robin" in model.told


async def test_a_turn_that_teaches_nothing_costs_no_statement_more(monkeypatch):
    """Whatever thread they are in; the turns themselves are written, or nothing was watched."""
    asked: list[str] = []
    execute = CursorWrapper.execute
    await agree()
    async with talk(Day()) as (one, _model):
        await one.greeted()
        await say(one, "My name is Robin.")
        await one.turns()
        monkeypatch.setattr(CursorWrapper, "execute", noted(asked, execute))
        await say(one, "And then?")
        await one.turns()
        monkeypatch.undo()
    written = [sql for sql in asked if 'INTO "sessions_app_sessionturn"' in sql]
    assert written
    assert not [sql for sql in asked if "memor" in sql and sql not in written]


def noted(asked, execute):
    def run(self, sql, *more):
        asked.append(str(sql))
        return execute(self, sql, *more)

    return run


async def test_what_is_said_stands_in_no_log(caplog):
    caplog.set_level(logging.DEBUG)
    await agree()
    async with talk(Day()) as (one, _model):
        await one.greeted()
        await say(one, "My name is Zanzibarquince, and I have a dog called Mirabelle.")
        assert known(one)
        remembering = one.pipeline.state.context.remembering
        assert "anzibar" not in repr(remembering) + repr(remembering.known)
    assert "anzibarquince" not in caplog.text

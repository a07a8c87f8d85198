"""How long a visitor waits for a sound, and what they hear then; time passes when it is told to."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.voicebot.pipeline.test_activity import Ticks
from tests.voicebot.players import FailingLLM
from voicebot.pipeline.activity import Activity, Event
from voicebot.pipeline.replies.answer_watchdog import AnswerWatchdog
from voicebot.providers.fallback import WithFallback
from voicebot.providers.registry import Services
from voicebot.providers.scripted import ScriptedLLM, ScriptedSTT, ScriptedTTS


class Watched:
    """A connection of which the test says what goes on and when; `said` is what the watchdog had said."""

    def __init__(self, llm: object = None) -> None:
        self.ticks, self.said, self.opened = Ticks(), [], []
        self.activity = Activity(self.ticks)
        services = Services(ScriptedSTT(), llm or ScriptedLLM(), ScriptedTTS(), voice=lambda _: ScriptedTTS())
        self.watchdog = AnswerWatchdog(self.activity, services, self, answer_secs=15)

    async def ask_again(self) -> None:
        self.said.append("again")

    async def open(self) -> None:
        self.opened.append(self.ticks.now)

    async def fill(self) -> None:
        self.said.append("filler")

    async def fall_back(self, begun: bool) -> None:
        self.said.append("apology, and the rest taken back" if begun else "apology")

    async def at(self, now: float, *events: Event) -> list[str]:
        """Lets it be so late, then lets things happen; what has been said until then."""
        self.ticks.now = now
        for event in events or (Event.NOTICED,):
            self.activity.on(event)
            for _ in range(4):
                await asyncio.sleep(0)
        return self.said

    async def trouble(self, stage: str) -> list[str]:
        await self.watchdog.trouble(stage)
        return await self.at(self.ticks.now)


@pytest.fixture
async def one() -> AsyncIterator[Watched]:
    watched = Watched()
    watching = asyncio.create_task(watched.watchdog.watch())
    await asyncio.sleep(0)
    yield watched
    watching.cancel()


ASKED, STARTED, STOPPED, OVER = Event.ASKED, Event.VOICE_STARTED, Event.VOICE_STOPPED, Event.REPLY_OVER


async def test_a_model_that_hangs_is_covered_by_a_filler_and_then_by_an_apology_once(one):
    assert await one.at(0, ASKED) == []
    assert await one.at(5.9) == []
    assert await one.at(6.1) == ["filler"]
    await one.at(6.2, STARTED)
    await one.at(8, STOPPED)
    assert await one.at(14.9) == ["filler"]
    assert await one.at(15.1) == ["filler", "apology"], "counted from the question, not from the filler"
    await one.at(15.2, STARTED)
    await one.at(18, STOPPED)
    assert await one.at(90) == ["filler", "apology"]


async def test_an_answer_that_takes_a_moment_has_first_words_once_a_question(one):
    await one.at(0, ASKED)
    await one.at(0.34)
    assert one.opened == []
    await one.at(0.36)
    await one.at(0.4, STARTED)
    await one.at(0.9, STOPPED)
    await one.at(1.5)
    await one.at(2, Event.SPEECH_DUE, STARTED)
    await one.at(4, STOPPED, OVER)
    assert one.opened == [0.36]
    await one.at(10, ASKED)
    await one.at(10.5)
    assert one.opened == [0.36, 10.5]


@pytest.mark.parametrize(
    "events", [(ASKED, Event.SPEECH_DUE), (Event.SPOKE_UP,), (ASKED, Event.CALLED), (ASKED, Event.READABLE)]
)
async def test_an_answer_of_which_words_are_there_or_that_nobody_asked_for_has_none(one, events):
    await one.at(0, *events)
    await one.at(1)
    assert one.opened == []


async def test_an_answer_that_comes_in_time_is_left_alone(one):
    await one.at(0, ASKED)
    await one.at(3, Event.SPEECH_DUE, STARTED)
    await one.at(40, STOPPED, OVER)
    assert await one.at(90) == []


async def test_a_reply_that_stalls_after_its_first_sentence_is_taken_back(one):
    await one.at(0, ASKED, Event.SPEECH_DUE, STARTED)
    await one.at(2, STOPPED)
    assert await one.at(16) == []
    assert await one.at(17.1) == ["apology, and the rest taken back"]


async def test_a_voice_that_hangs_is_taken_back(one):
    await one.at(0, ASKED, Event.SPEECH_DUE)
    await one.at(7)
    assert await one.at(15.1) == ["filler", "apology, and the rest taken back"]


@pytest.mark.parametrize(
    "events",
    [
        (ASKED, Event.INTERRUPTED),
        (ASKED, Event.TURN_STARTED, Event.INTERRUPTED),
        (ASKED, Event.READABLE, OVER),
        (Event.TYPED_FOR_TEXT, Event.INTERRUPTED, Event.TYPED_IN, ASKED),
        (Event.NOTICED, Event.TYPED_IN),
        (Event.SPOKE_UP,),
        (ASKED, Event.SPEECH_DUE, STARTED, STOPPED, OVER),
        (ASKED, Event.ENDED),
    ],
)
async def test_nothing_is_said_where_nothing_is_owed(one, events):
    await one.at(0, *events)
    for now in (1, 7, 16, 40):
        await one.at(now)
    assert one.said == []
    assert await one.trouble("llm") == []


async def test_nothing_is_said_over_the_visitor(one):
    await one.at(0, ASKED)
    await one.at(14, Event.TURN_STARTED)  # and no interruption, for whatever reason
    assert await one.trouble("tts") == []
    assert await one.at(40) == []


async def test_what_nobody_asked_for_is_not_waited_for_for_ever(one):
    await one.at(0, Event.SPOKE_UP)
    assert not one.activity.settled
    await one.at(15.1)
    assert one.activity.settled
    assert one.said == []


async def test_an_empty_reply_is_covered_soon(one):
    await one.at(0, ASKED, OVER)
    assert await one.at(0.6) == ["apology"]


async def test_words_of_which_the_voice_makes_no_sound_are_covered_soon(one):
    await one.at(0, ASKED, Event.SPEECH_DUE, OVER)
    assert await one.at(0.6) == ["apology, and the rest taken back"]


async def test_trouble_is_covered_at_once_and_once_a_question(one):
    await one.at(0, ASKED)
    assert await one.trouble("llm") == ["apology"]
    assert await one.trouble("llm") == ["apology"]
    await one.at(20, ASKED)
    assert await one.trouble("tts") == ["apology", "apology"]


async def test_trouble_during_the_greeting_counts(one):
    await one.at(0, Event.SAYING)
    assert await one.trouble("tts") == ["apology, and the rest taken back"]


async def test_trouble_of_no_concern_is_nothing(one):
    assert await one.trouble("llm") == []
    await one.at(0, ASKED, Event.SPEECH_DUE, STARTED)
    assert await one.trouble("tts") == [], "some of the answer is being heard"


async def test_a_second_provider_is_asked_once_a_question():
    watched = Watched(WithFallback([FailingLLM(), ScriptedLLM()]))
    watching = asyncio.create_task(watched.watchdog.watch())
    await watched.at(0, ASKED)
    assert await watched.trouble("llm") == ["again"]
    await watched.at(1, ASKED)
    assert await watched.trouble("llm") == ["again", "apology"]
    watching.cancel()

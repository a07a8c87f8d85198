"""An answer that is prepared in a pause is heard once if that ends the turn, and leaves nothing if not."""

import asyncio
from typing import Any

import numpy as np
import pytest
from pipecat.frames.frames import (
    EagerTranscriptionFrame,
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.llm_service import LLMService
from pipecat.utils.time import time_now_iso8601

from tests.patience import PATIENCE_SECS
from tests.visitors import AUDIBLE, RATE_HZ, question
from tests.voicebot.live import Conversation, conversation
from voicebot.pipeline.replies.sentence_limit import first_spoken
from voicebot.providers import SpeechPausedFrame
from voicebot.providers.scripted import HEARD, ScriptedSTT, ScriptedTTS
from voicebot.transport import input as transport_input
from voicebot.turns import stop_strategy

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "A word of this guess."
SENTENCE = question()[: int(np.flatnonzero(np.abs(question().astype(int)) > AUDIBLE)[-1])]
PACKET, LAST = np.zeros(512, np.int16), 10 * 512  # samples of the last word
ANSWER = "Aye, so it is. And more of it."


@pytest.fixture(autouse=True)
def guesses(settings, monkeypatch) -> None:
    settings.ANSWER_AHEAD_PROVIDERS = ["scripted"]
    monkeypatch.setattr(stop_strategy, "GUESS_SECS", PATIENCE_SECS)  # time passes as the test lets it
    monkeypatch.setattr(transport_input, "GAP_SECS", PATIENCE_SECS)  # and so does audio


class EagerSTT(ScriptedSTT):
    """Knows the words of a pause at once; `ahead` are those it knows before it is certain."""

    ahead = HEARD
    paused = False

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, SpeechPausedFrame):
            self.paused = True
            await self.push_frame(EagerTranscriptionFrame(self.ahead, "", time_now_iso8601()))


class MishearingSTT(EagerSTT):
    """Is of another opinion when it has heard all."""

    ahead = SECRET


class NotingLLM(LLMService):
    """Answers at once, and notes what it was asked, and whether somebody had."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[bool, list[Any]]] = []  # speculative or not, and the messages
        self.cut_off = 0
        self.news = asyncio.Event()
        self.tools = False

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        self.asked.append((frame.speculation, list(frame.context.get_messages())))
        self.news.set()
        await self.push_frame(LLMFullResponseStartFrame())
        try:
            await self.answer(frame.speculation)
        except asyncio.CancelledError:
            self.cut_off += 1
            raise
        await self.push_frame(LLMFullResponseEndFrame())

    async def answer(self, speculation: bool) -> None:
        await self.push_frame(LLMTextFrame(ANSWER))

    @property
    def guessed(self) -> int:
        return sum(speculation for speculation, _ in self.asked)


class FailingGuessesLLM(NotingLLM):
    """Fails whenever nobody has asked."""

    async def answer(self, speculation: bool) -> None:
        if speculation:
            await self.push_error("out of order")
        await super().answer(speculation)


class AheadTTS(ScriptedTTS):
    """Notes what it is to make ahead."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead: list[str] = []

    async def speak_ahead(self, text: str) -> None:
        self.ahead.append(text)

    def forget_ahead(self) -> None:
        self.ahead.append("")


def talk(llm: type[NotingLLM] = NotingLLM, stt: type[ScriptedSTT] = EagerSTT, **options: Any) -> Any:
    parts: dict[str, Any] = {}

    def make_llm() -> NotingLLM:
        parts["llm"] = llm()
        return parts["llm"]

    def make_tts() -> AheadTTS:
        parts["tts"] = AheadTTS()
        return parts["tts"]

    def make_stt() -> ScriptedSTT:
        parts["stt"] = stt()
        return parts["stt"]

    return parts, conversation(llm=make_llm, stt=make_stt, tts=make_tts, **options)


async def pauses(one: Conversation, parts: dict[str, Any]) -> None:
    """The visitor pauses after a sentence, until an answer is prepared."""
    await one.say(SENTENCE[:-LAST])
    parts["stt"].paused = False
    for packet in (*SENTENCE[-LAST:].reshape(-1, 512), *[PACKET] * 6):
        if not parts["stt"].paused:  # which is noticed after two packets of quiet, and certain after six
            await one.say(packet)
    async with asyncio.timeout(PATIENCE_SECS):
        await parts["llm"].news.wait()
    assert parts["llm"].guessed


async def asks(one: Conversation, parts: dict[str, Any]) -> None:
    """And says no more."""
    await pauses(one, parts)
    await one.say(np.zeros(RATE_HZ, np.int16))


async def answered(one: Conversation) -> None:
    await one.until(lambda: len(one.of("bot-stopped-speaking")) == 2)
    assert await one.pipeline.settle(5)


async def test_a_guess_that_holds_is_heard_once():
    parts, talking = talk()
    async with talking as one:
        await one.greeted()
        await asks(one, parts)
        await answered(one)
        turns = await one.turns()
        messages = one.pipeline.context.get_messages()
        [latency] = one.server_messages("latency")
    llm = parts["llm"]
    assert llm.asked[-1][0], "the answer is the guess"
    assert len([asked for asked in llm.asked if not asked[0]]) == 0, "and nobody was asked again"
    assert [(turn.role, turn.text) for turn in turns[1:]] == [("user", HEARD), ("assistant", ANSWER)]
    assert [m["role"] for m in messages] == ["assistant", "user", "assistant"]
    assert parts["tts"].ahead[-1] == "Aye, so it is.", "its sound was made meanwhile"
    assert len(one.of("bot-llm-started")) == 1
    assert latency["llmMs"] >= 0


async def test_a_guess_that_does_not_hold_leaves_nothing():
    """The visitor goes on after what sounded like an end."""
    parts, talking = talk(system_prompt="{{setvar::guessed::{{lastMessage}}}}Be brief.")
    async with talking as one:
        await one.greeted()
        state, before = one.pipeline.state, len(one.messages)
        variables, lore, asked_at = state.variables, state.lore, state._asked_at
        await pauses(one, parts)
        await one.say(SENTENCE[1600 : 1600 + RATE_HZ // 2])  # they go on, in the middle of a word
        kinds = {message["type"] for message in one.messages[before:]}
        assert not kinds & {"bot-llm-started", "bot-llm-text", "bot-output", "bot-started-speaking"}, kinds
        assert [turn.role for turn in await one.turns()] == ["assistant"], "no turn was over"
        assert (state.variables, state.lore, state._asked_at) == (variables, lore, asked_at)
        assert not one.pipeline.activity.unanswered, "and nobody waits for anything"
        assert len(one.pipeline.context.get_messages()) == 1
        await one.say(SENTENCE[1600 + RATE_HZ // 2 :], silence_secs=1)
        await answered(one)
        assert [(turn.role, turn.text) for turn in await one.turns()][1:] == [
            ("user", HEARD),
            ("assistant", ANSWER),
        ]
        assert len(one.of("bot-llm-started")) == 1, "one answer, to all of it"


async def test_a_guess_for_other_words_is_not_the_answer():
    parts, talking = talk(stt=MishearingSTT)
    async with talking as one:
        await one.greeted()
        await asks(one, parts)
        await answered(one)
        turns = await one.turns()
    assert parts["llm"].guessed
    assert not parts["llm"].asked[-1][0]
    assert SECRET not in " ".join(turn.text for turn in turns)
    assert parts["tts"].ahead[-1] == "", "what the voice has made is forgotten"
    assert len(one.of("bot-llm-started")) == 1


async def test_a_guess_that_fails_is_nobodys_trouble():
    parts, talking = talk(llm=FailingGuessesLLM)
    async with talking as one:
        await one.greeted()
        await asks(one, parts)
        await answered(one)
        assert not one.server_messages("trouble")
        assert [turn.text for turn in await one.turns()][1:] == [HEARD, ANSWER]
        assert not one.pipeline.life.errors
    assert parts["llm"].guessed
    assert not parts["llm"].asked[-1][0]


async def test_a_character_that_changes_meanwhile_answers_itself():
    parts, talking = talk()
    async with talking as one:
        await one.greeted()
        await pauses(one, parts)
        one.pipeline.state.set_pending_spec(one.pipeline.state.spec)
        await one.say(np.zeros(RATE_HZ, np.int16))
        await answered(one)
    assert not parts["llm"].asked[-1][0]


@pytest.mark.parametrize("busy", [True, False])
async def test_above_the_limit_of_load_nothing_is_guessed(busy):
    parts, talking = talk()
    async with talking as one:
        budget = one.budget
        if busy:
            budget._load.lately = 0.9
        else:
            await budget.guesses.await_answer("somebody else")
        await one.greeted()
        await one.say(SENTENCE, silence_secs=1)
        await answered(one)
    assert [asked[0] for asked in parts["llm"].asked] == [False]


async def test_a_guess_gives_way_to_somebody_elses_question():
    parts, talking = talk()
    async with talking as one:
        await one.greeted()
        await pauses(one, parts)
        await one.budget.guesses.await_answer("somebody else")
        assert not one.budget.guesses.count
        await one.say(np.zeros(RATE_HZ, np.int16))
        await answered(one)
        assert [turn.text for turn in await one.turns()][1:] == [HEARD, ANSWER]


async def test_hosted_models_are_asked_when_the_turn_is_over(settings):
    settings.ANSWER_AHEAD_PROVIDERS = ["local"]
    parts, talking = talk()
    async with talking as one:
        await one.greeted()
        await one.say(SENTENCE, silence_secs=1)
        await answered(one)
    assert [asked[0] for asked in parts["llm"].asked] == [False]


async def test_what_is_typed_during_a_guess_is_what_is_answered():
    parts, talking = talk()
    async with talking as one:
        await one.greeted()
        await pauses(one, parts)
        await one.type("Never mind.")
        await one.until(lambda: "Never mind." in str(parts["llm"].asked[-1]))
        await one.until(lambda: len(one.of("bot-stopped-speaking")) == 2)
        assert not parts["llm"].asked[-1][0]


async def test_a_connection_that_ends_during_a_guess_ends():
    parts, talking = talk()
    async with talking as one:
        await one.greeted()
        await pauses(one, parts)
        budget = one.budget
    assert not budget.guesses.count, "it takes nobody's place"


async def test_a_server_that_drains_waits_for_the_visitor_and_the_answer_that_was_ready():
    parts, talking = talk()
    async with talking as one:
        await one.greeted()
        await pauses(one, parts)
        draining = asyncio.create_task(one.pipeline.settle(PATIENCE_SECS))
        await one.say(np.zeros(RATE_HZ, np.int16))
        assert await draining, "a guess that became the answer is heard to its end"
        assert len(one.of("bot-stopped-speaking")) == 2
        assert [turn.text for turn in await one.turns()][1:] == [HEARD, ANSWER]
    assert not one.budget.guesses.count
    assert [asked[0] for asked in parts["llm"].asked] == [True]


async def test_a_connection_that_is_taken_over_during_a_guess_keeps_nothing_of_it():
    """It settles for a moment, is wound down, and writes what it knows; the newer one begins from there."""
    parts, talking = talk()
    async with talking as one:
        await one.greeted()
        await pauses(one, parts)
        guessed = parts["llm"].guessed
        assert not await one.pipeline.settle(0.05), "the visitor is in mid-turn"
        await one.pipeline.cancel()
        await one.pipeline.unprompted.end()
        kept = [turn.text for turn in await one.turns()]
    assert guessed
    assert not one.budget.guesses.count
    assert not [text for text in kept if SECRET in text or ANSWER in text or HEARD in text], kept
    assert not one.of("bot-llm-started")
    parts, talking = talk()
    async with talking as newer:
        await newer.greeted()
        await asks(newer, parts)
        await answered(newer)
        assert [turn.text for turn in await newer.turns()][-2:] == [HEARD, ANSWER]


def test_what_is_spoken_first_is_what_the_limit_passes_on_first():
    assert first_spoken("Aye, so", over=False) == ""
    assert first_spoken("Aye so, and then", over=False) == "Aye so,"
    assert first_spoken("Aye. And", over=False) == "Aye."
    assert first_spoken("Aye", over=True) == "Aye."
    assert first_spoken(" ", over=True) == ""

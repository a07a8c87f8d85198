"""What is said when no answer comes: heard, captioned, remembered, and only when one is owed."""

import asyncio

import numpy as np
import pytest
from django.utils import timezone

from sessions_app.session.coverage import Coverage
from sessions_app.session.turn import Past, Turn
from tests.visitors import speech
from tests.voicebot.live import Conversation, conversation
from tests.voicebot.players import (
    BrokenTTS,
    DeafSTT,
    EmptyLLM,
    FailingLLM,
    NoddingLLM,
    SilentLLM,
    SlowLLM,
    StallingLLM,
    WritingLLM,
)
from voicebot.pipeline.activity import State
from voicebot.pipeline.replies.fallback_reply import APOLOGY, FILLERS
from voicebot.pipeline.replies.fallback_reply import speech as recorded_speech

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _impatient(settings):
    settings.ANSWER_SECS = 0.7


async def watched(one: Conversation, secs: float = 1.5) -> list[tuple[str, str]]:
    """What is remembered after a while in which an apology would have come."""
    await asyncio.sleep(secs)
    return [(turn.role, turn.text) for turn in await one.turns()][1:]


async def test_a_written_question_that_is_not_to_be_answered_gets_no_apology():
    async with conversation(llm=SilentLLM) as one:
        await one.greeted()
        heard = len(one.audible_at)
        await one.type("Only so that you know.", run_immediately=False)
        assert await watched(one) == [("user", "Only so that you know.")]
        assert (len(one.audible_at), one.server_messages("trouble")) == (heard, [])


@pytest.mark.parametrize(
    ("llm", "options"), [(WritingLLM, {"audio_response": False}), (NoddingLLM, {})], ids=["text", "direction"]
)
async def test_an_answer_that_is_only_to_be_read_gets_no_apology(llm, options):
    async with conversation(llm=llm) as one:
        await one.greeted()
        heard = len(one.audible_at)
        await one.type("Are you there?", **options)
        (question, (role, answer)) = await watched(one)
        assert (question, role) == (("user", "Are you there?"), "assistant")
        assert answer.rstrip(".") == llm.words.rstrip(".")
        assert (len(one.audible_at), one.server_messages("trouble")) == (heard, [])


async def test_an_interrupted_question_gets_no_apology():
    async with conversation(llm=SilentLLM) as one:
        await one.greeted()
        heard = len(one.audible_at)
        await one.type("Are you there?")
        await one.tell("client-message", {"t": "character.interrupt"})
        assert await watched(one) == [("user", "Are you there?")]
        assert (len(one.audible_at), one.server_messages("trouble")) == (heard, [])


@pytest.mark.parametrize("llm", [SilentLLM, FailingLLM, EmptyLLM])
async def test_no_answer_is_apologised_for_aloud_with_captions_once(llm):
    async with conversation(llm=llm) as one:
        await one.greeted()
        heard, stops = len(one.audible_at), len(one.of("bot-stopped-speaking"))
        await one.type("Are you there?")
        await one.until(lambda: len(one.of("bot-stopped-speaking")) > stops)
        assert len(one.audible_at) > heard
        captions = [m["data"] for m in one.of("bot-output") if m["data"]["text"] == APOLOGY]
        assert captions[0]["spoken_status"] == "new"
        assert captions[-1]["spoken_status"] == "completed"
        assert await watched(one) == [("user", "Are you there?"), ("assistant", APOLOGY)]
        assert [(m["text"], m["spoken"]) for m in one.server_messages("trouble")] == [(APOLOGY, True)]
        assert one.pipeline.context.get_messages()[-1] == {"role": "assistant", "content": APOLOGY}


async def test_words_of_which_there_is_no_recording_are_told_to_the_page_alone():
    async with conversation(llm=FailingLLM, voice=BrokenTTS) as one:
        await one.greeted()
        await one.type("Are you there?")
        await one.until(lambda: one.server_messages("trouble"))
        assert [(m["text"], m["spoken"]) for m in one.server_messages("trouble")] == [(APOLOGY, False)]
        assert await one.pipeline.settle(5)
        assert [(turn.role, turn.text) for turn in await one.turns()][1:] == [("user", "Are you there?")]


async def test_an_apology_that_is_cut_off_is_remembered_as_far_as_it_was_heard():
    async with conversation(llm=SilentLLM, stt=DeafSTT) as one:
        await one.greeted()
        heard = len(one.audible_at)
        await one.type("Are you there?")
        await one.until(lambda: len(one.audible_at) > heard)
        await one.say(speech()[:8000])
        await one.until(lambda: one.pipeline.activity.state is not State.SPEAKING)
        await one.say(np.zeros(16_000, np.int16))
        apology = (await one.turns())[-1]
        assert (apology.role, apology.interrupted) == ("assistant", True)
        assert APOLOGY.startswith(apology.text)
        assert 0 < len(apology.text) < len(APOLOGY)


async def test_trouble_with_the_greeting_is_no_silence():
    async with conversation(tts=BrokenTTS) as one:
        await one.ready()
        await one.until(lambda: one.of("bot-stopped-speaking"))
        assert [m["text"] for m in one.server_messages("trouble")] == [APOLOGY]
        await one.pipeline.settle(5)
        assert (await one.turns())[-1].text == APOLOGY


async def test_a_reply_that_stalls_is_cut_and_apologised_for_in_the_order_in_which_it_was_heard():
    async with conversation(llm=StallingLLM) as one:
        await one.greeted()
        await one.type("Tell me.")
        await one.until(lambda: one.server_messages("trouble"))
        await one.until(lambda: not one.pipeline.activity.settled)
        assert await one.pipeline.settle(10)
        assert [turn.text for turn in await one.turns()][1:] == ["Tell me.", "One sentence here.", APOLOGY]


async def test_who_waits_long_hears_that_the_character_thinks_and_then_the_answer(settings):
    settings.ANSWER_SECS = 10.0
    llm = type("Slower", (SlowLLM,), {"secs": 5.5})
    async with conversation(llm=llm) as one:
        await one.greeted()
        await one.type("Are you there?")
        await one.until(lambda: one.of("bot-output")[-1]["data"]["text"] == "Aye.")
        assert await one.pipeline.settle(10)
        said = [turn.text for turn in await one.turns()][1:]
        assert said == ["Are you there?", FILLERS["en"], "Aye."]
        assert not one.server_messages("trouble")


async def test_a_question_that_an_earlier_connection_was_lost_over_is_answered():
    past = Past("", Coverage(), [Turn(1, "user", "Are you there?", False, timezone.now())])
    async with conversation(llm=WritingLLM, past=past) as one:
        assert (await one.ready())["resumed"] is True
        await one.until(lambda: one.of("bot-stopped-speaking"))
        await one.pipeline.settle(5)
        assert [turn.text for turn in await one.turns()] == ["Aye."]


async def test_nothing_is_owed_to_who_was_answered():
    now = timezone.now()
    past = Past(
        "", Coverage(), [Turn(1, "user", "Hello?", False, now), Turn(2, "assistant", "Ay", True, now)]
    )
    async with conversation(llm=WritingLLM, past=past) as one:
        await one.ready()
        await asyncio.sleep(1)
        assert not one.audible_at


def test_each_word_stands_behind_its_own_sound_and_nothing_is_lost():
    pcm = np.arange(24_001, dtype=np.int16).tobytes()
    frames = list(recorded_speech(APOLOGY, pcm, 24_000))
    assert b"".join(frame.audio for frame in frames if hasattr(frame, "audio")) == pcm
    kinds = [type(frame).__name__ for frame in frames]
    assert kinds[:4] == ["AggregatedTextFrame", "TTSStartedFrame", "TTSAudioRawFrame", "TTSTextFrame"]
    assert kinds.count("TTSTextFrame") == kinds.count("TTSAudioRawFrame") == len(APOLOGY.split())

"""First words to an answer that is being thought of: heard at once, kept with it, not read by the model."""

import asyncio
from dataclasses import replace

import pytest
from pipecat.frames.frames import Frame, LLMContextFrame
from pipecat.processors.frame_processor import FrameDirection

from characters.prompts import openers_in, without_openers
from characters.spec import CharacterSpec
from tests.voicebot.live import Conversation, conversation
from tests.voicebot.players import WritingLLM
from voicebot.pipeline.replies import fallback_reply
from voicebot.providers import RecordedSpeech, recorded_speech
from voicebot.providers.scripted import ScriptedTTS

OPENERS = "Well now.\nHm, let me see."


class ReadingLLM(WritingLLM):
    """Keeps what it read, and takes its time."""

    words = "The sea is deep."
    secs = 1.5

    def __init__(self) -> None:
        super().__init__()
        self.read: list[list[str]] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, LLMContextFrame):
            self.read.append([str(message["content"]) for message in frame.context.get_messages()])
        await super().process_frame(frame, direction)


async def answered(one: Conversation, question: str) -> str:
    """Asks, and hears all of the answer; the first caption of it, that is seen with the first sound."""
    heard, captions = len(one.audible_at), len(one.of("bot-output"))
    await one.type(question)
    await one.until(lambda: len(one.audible_at) > heard)
    first = one.of("bot-output")[captions]["data"]["text"]
    await one.until(
        lambda: any(m["data"]["text"] == ReadingLLM.words for m in one.of("bot-output")[captions:])
    )
    assert await one.pipeline.settle(10)
    return first


@pytest.mark.django_db(transaction=True)
async def test_who_waits_a_moment_hears_first_words_and_the_answer_goes_on_after_them():
    mind = ReadingLLM()
    async with conversation(llm=lambda: mind, openers=OPENERS) as one:
        await one.greeted()
        opened = []
        for question in ("How deep is it?", "And how wide?"):
            opened.append(await answered(one, question))
            turn = (await one.turns())[-1]
            assert (turn.text, turn.interrupted) == (f"{opened[-1]} {mind.words}", False)
        assert set(opened) == set(OPENERS.splitlines()), "never the same twice running"
        assert len(mind.read) == 2
        assert mind.words in mind.read[1]
        assert not any(opener in text for text in mind.read[1] for opener in opened)


@pytest.mark.django_db(transaction=True)
async def test_first_words_that_are_spoken_into_are_kept_as_far_as_they_were_heard():
    async with conversation(llm=ReadingLLM, openers="Let me think about that for a moment.") as one:
        await one.greeted()
        heard = len(one.audible_at)
        await one.type("How deep is it?")
        await one.until(lambda: len(one.audible_at) > heard)
        await one.tell("client-message", {"t": "character.interrupt"})
        await asyncio.sleep(0.3)
        turns = [turn for turn in await one.turns() if turn.role == "assistant"][1:]
        assert all(turn.interrupted and ReadingLLM.words not in turn.text for turn in turns)


@pytest.mark.django_db(transaction=True)
async def test_without_openers_nothing_is_said_before_the_answer():
    async with conversation(llm=ReadingLLM) as one:
        await one.greeted()
        assert await answered(one, "How deep is it?") == ReadingLLM.words
        assert (await one.turns())[-1].text == ReadingLLM.words


def test_lines_that_are_empty_too_many_or_too_long_are_left_out():
    assert openers_in("\n Hm. \nHm.\n" + "x" * 61 + "\nAh.") == ["Hm.", "Ah."]
    assert len(openers_in("\n".join(f"Hm {n}." for n in range(20)))) == 8


def test_only_what_the_character_said_loses_its_opener_and_never_all_of_it():
    spec = CharacterSpec(slug="marlow", version=1, name="Marlow", openers="Hm.\nHm. Well.")
    history = [
        {"role": "user", "content": "Hm. Is it?"},
        {"role": "assistant", "content": "Hm. Well. It is."},
        {"role": "assistant", "content": "Hm."},
    ]
    kept = [message["content"] for message in without_openers(spec, history)]
    assert kept == ["Hm. Is it?", "It is.", "Hm."]


def test_a_word_that_only_begins_like_an_opener_is_left_whole():
    spec = CharacterSpec("marlow", "Marlow", openers="Well\n嗯")
    said = ["Wellington is far.", "Well, yes.", "Well yes.", "嗯我想想。"]
    kept = without_openers(spec, [{"role": "assistant", "content": text} for text in said])
    assert [message["content"] for message in kept] == ["Wellington is far.", ", yes.", "yes.", "我想想。"]


@pytest.mark.django_db(transaction=True)
async def test_an_apology_that_is_changed_is_recorded_whatever_the_openers_are():
    spec = CharacterSpec(slug="marlow", version=1, name="Marlow", openers="Hm.", apology="I am lost.")
    process = RecordedSpeech()
    for now in (spec, replace(spec, apology="The words are gone.")):
        process.prepare(now, lambda _spec: ScriptedTTS(), fallback_reply.sentences_of(now))
        await asyncio.gather(*process.tasks.values())
        assert await recorded_speech.read(now, now.apology)

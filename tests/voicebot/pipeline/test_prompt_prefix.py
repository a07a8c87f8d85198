"""What a model has read of a conversation stays the beginning of what it reads next."""

import asyncio
import itertools

import pytest
from pipecat.frames.frames import LLMContextFrame

from tests.patience import PATIENCE_SECS
from tests.voicebot.live import conversation
from tests.voicebot.players import WritingLLM
from tests.voicebot.repertoire.test_written_turn import EXAMPLES
from voicebot.pipeline.replies import unprompted_speech

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]

MANY = EXAMPLES + "".join(f"<START>\n{{{{user}}}}: Q{n} of many?\n{{{{char}}}}: A{n}.\n" for n in range(30))


class ReadingLLM(WritingLLM):
    """WritingLLM that keeps what it was asked, and is brief."""

    def __init__(self):
        super().__init__()
        self.read: list[list[tuple[str, str]]] = []
        self.ahead: list[list[tuple[str, str]]] = []

    can_read_ahead = True

    async def read_ahead(self, prompt):
        self.ahead.append([(m["role"], m["content"]) for m in prompt])

    async def process_frame(self, frame, direction):
        if isinstance(frame, LLMContextFrame):
            self.read.append([(m["role"], m["content"]) for m in frame.context.get_messages()])
        await super().process_frame(frame, direction)


async def asked(one, model: ReadingLLM, *speeches: str) -> list[list[tuple[str, str]]]:
    """What the model read at each of these speeches, each answered before the next."""
    await one.greeted()
    for words in speeches:
        before = len(await one.turns())
        await one.type(words)
        while len(await one.turns()) < before + 2:
            await one.pipeline.activity.change(1)
        await one.pipeline.settle(5)
    return model.read


async def test_examples_and_facts_stay_where_the_model_has_read_them():
    model = ReadingLLM()
    async with conversation(llm=lambda: model, examples=MANY) as one:
        read = await asked(one, model, "My name is Robin.", "Goodbye!", "Tell me about a storm", "And then?")
    assert any("Robin" in text for role, text in read[0] if role == "system"), "the facts were told"
    assert any("Fair winds." in text for role, text in read[1] if role == "system"), "an example was shown"
    for before, after in itertools.pairwise(read):
        assert after[: len(before)] == before


async def test_the_facts_are_told_again_when_they_stand_far_up():
    model = ReadingLLM()
    async with conversation(llm=lambda: model, examples=MANY) as one:
        read = await asked(one, model, "My name is Robin.", *(f"Q{n} of many?" for n in range(5)))
    told = [sum("Robin" in text for role, text in asked if role == "system") for asked in read]
    assert told == [1, 1, 1, 1, 2, 2]


async def test_what_is_not_so_any_more_is_told_nowhere():
    model = ReadingLLM()
    async with conversation(llm=lambda: model, examples=MANY) as one:
        read = await asked(one, model, "My name is Robin.", "Goodbye!", "No, my name is Rowan.")
    told = [text for role, text in read[-1] if role == "system"]
    assert any("Rowan" in text for text in told)
    assert not any("Robin" in text for text in told)


async def test_a_reply_is_read_as_it_was_heard_before_anything_is_said_to_it():
    model = ReadingLLM()
    async with conversation(llm=lambda: model, examples=MANY) as one:
        read = await asked(one, model, "My name is Robin.", "Goodbye!", "Tell me about a storm", "And then?")
        while len(model.ahead) < 1 + len(read):  # after the greeting, and after each reply
            await one.pipeline.activity.change(0.1)
    for ahead, after in zip(model.ahead, read, strict=False):
        assert ahead[0][0] == "system", "the instructions, which the service puts before the rest"
        assert ahead[1:] == after[: len(ahead) - 1]
        assert ahead[-1][0] == "assistant"
        assert [role for role, _ in after[len(ahead) - 1 :] if role != "system"] == ["user"]


async def test_no_prompt_is_made_for_a_model_that_would_not_keep_it(monkeypatch):
    made = []
    render = unprompted_speech.prompt_of
    monkeypatch.setattr(unprompted_speech, "prompt_of", lambda *args: made.append(1) or render(*args))
    model = ReadingLLM()
    async with conversation(llm=lambda: model, examples=MANY) as one:
        model.can_read_ahead = False
        await one.greeted()
        made.clear()
        await asked(one, model, "My name is Robin.", "Goodbye!")
    assert not made
    assert model.ahead == []


async def test_nothing_is_read_ahead_while_others_wait_for_answers():
    model = ReadingLLM()
    async with conversation(llm=lambda: model, examples=MANY) as one:
        await one.budget.guesses.await_answer("somebody else")
        await asked(one, model, "My name is Robin.", "Goodbye!")
        assert model.ahead == []
        one.budget.guesses.answered("somebody else")
        await asked(one, model, "Tell me about a storm")
        while not model.ahead:
            await one.pipeline.activity.change(0.1)


async def test_reading_ahead_gives_way_to_whoever_asks():
    class SlowLLM(ReadingLLM):
        given_up = False

        async def read_ahead(self, prompt):
            await super().read_ahead(prompt)
            try:
                await asyncio.sleep(PATIENCE_SECS)
            except asyncio.CancelledError:
                self.given_up = True
                raise

    model = SlowLLM()
    async with conversation(llm=lambda: model, examples=MANY) as one:
        await one.greeted()
        while not model.ahead:
            await one.pipeline.activity.change(0.1)
        assert one.budget.guesses.count == 1
        await one.budget.guesses.await_answer("somebody else")
        while not model.given_up:
            await asyncio.sleep(0)
    assert not one.budget.guesses.count

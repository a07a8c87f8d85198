"""A model's reasoning is neither spoken nor kept, however its server cuts it up."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipecat.frames.frames import (
    AggregatedTextFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.tests.utils import SleepFrame, run_test

from voicebot.pipeline.replies.sentence_limit import SentenceLimit
from voicebot.providers.llm import thoughts
from voicebot.providers.llm.thoughts import PAIRS, Habit, ThoughtFilter, ThoughtParser, without_thoughts

OPENED = [(f"{opening}Let me see. He asks. I say.{closing}\n\nAhoy.", "Ahoy.") for opening, closing in PAIRS]
CASES = [
    *OPENED,
    ("Ahoy. <think>Hm.</think>And more.", "Ahoy. And more."),
    ("<think>one</think><think>two</think> Ahoy.", "Ahoy."),
    ("<think>I never", ""),  # cut off by its token limit
    ("<think></think>Ahoy.", "Ahoy."),
    ("<THINK>loud</Think>Ahoy.", "Ahoy."),
    ("<think>a < b and </thin and <think> again</think>Ahoy.", "Ahoy."),
    ("3 < 4, [so] it is, <b>quite</b> <thin ice>.", "3 < 4, [so] it is, <b>quite</b> <thin ice>."),
    ("Ahoy. <thi", "Ahoy. <thi"),
    ("I think. I thought. Reasoning.", "I think. I thought. Reasoning."),
]


@pytest.fixture(autouse=True)
def nothing_learnt(monkeypatch):
    monkeypatch.setattr(thoughts, "_habits", {})


def parsed(pieces, model="") -> str:
    parser = ThoughtParser(model)
    return "".join([*(parser.feed(piece) for piece in pieces), parser.finish()])


def cut(text: str, at) -> list[str]:
    edges = [0, *sorted(at), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(edges)]


@pytest.mark.parametrize(("text", "answer"), CASES)
def test_only_the_answer_is_left_at_every_split_in_three(text, answer):
    for at in itertools.combinations_with_replacement(range(len(text) + 1), 2):
        assert parsed(cut(text, at)) == answer, cut(text, at)
    assert parsed(text) == answer  # letter by letter


@given(st.data())
def test_no_split_makes_a_difference(data):
    pieces = st.sampled_from(
        [*(tag for pair in PAIRS for tag in pair), "<", "/", "think>", "Ahoy. ", "[", " "]
    )
    text = "".join(data.draw(st.lists(pieces, max_size=12)))
    at = data.draw(st.lists(st.integers(0, len(text)), max_size=12))
    assert parsed(cut(text, at)) == parsed([text])


@given(st.text(alphabet="abc <>[]/.◁▷", max_size=40), st.sampled_from(PAIRS))
def test_no_letter_of_a_thought_gets_through(secret, pair):
    text = f"{pair[0]}{secret.replace(pair[1], '')}QQQ{pair[1]}Ahoy."
    for size in (1, 2, 5, 1000):
        assert parsed([text[i : i + size] for i in range(0, len(text), size)]) == "Ahoy."


@pytest.mark.parametrize("model", ["deepseek-r1:8b", "QwQ-32B", "Qwen/Qwen3-8B", "magistral-small"])
def test_a_model_known_to_reason_may_leave_out_the_opening_tag(model):
    text = "Okay, he asks. I say ahoy. Fine.</think>\n\nAhoy."
    for at in itertools.combinations(range(len(text)), 2):
        thoughts._habits.clear()
        assert parsed(cut(text, at), model) == "Ahoy."


def test_any_other_model_is_caught_once():
    text = "Okay, he asks.</think>Ahoy."
    assert parsed(text, "captain-7b") == "Okay, he asks.Ahoy."
    assert thoughts.habit_of("captain-7b") is Habit.UNOPENED
    assert parsed(text, "captain-7b") == "Ahoy."


def test_a_reasoning_model_whose_server_takes_it_out_is_held_up_once():
    first, second = ThoughtParser("qwen3"), None
    assert first.feed("Ahoy there. ") == ""
    assert first.finish() == "Ahoy there. "
    second = ThoughtParser("qwen3")
    assert second.feed("Ahoy there. ") == "Ahoy there. "


def test_reasoning_in_a_field_of_its_own_lets_the_text_go_at_once():
    parser = ThoughtParser("qwen3")
    assert parser.feed("Ahoy ") == ""
    assert parser.elsewhere() == "Ahoy "
    assert parser.feed("there.") == "there."


def test_a_whole_text_has_none_either():
    assert without_thoughts("Let me sum up.</think>\nHe is called Tom.") == "He is called Tom."
    assert without_thoughts("<think>Sum up</think>He is called Tom.") == "He is called Tom."
    assert without_thoughts("He is called Tom.") == "He is called Tom."


async def sentences(*frames, most: int = 3) -> list[str]:
    pipeline = Pipeline([ThoughtFilter("test"), SentenceLimit(most)])
    down, _ = await run_test(pipeline, frames_to_send=list(frames), expected_down_frames=None)
    assert not [frame for frame in down if isinstance(frame, LLMTextFrame) and "one" in frame.text]
    return [frame.text for frame in down if isinstance(frame, AggregatedTextFrame)]


def reply(text: str) -> list:
    return [LLMFullResponseStartFrame(), *map(LLMTextFrame, text), LLMFullResponseEndFrame()]


async def test_thoughts_use_up_no_sentences():
    text = "<think>This is one. That is one. And one. And one.</think>Ahoy. How are you?"
    assert await sentences(*reply(text)) == ["Ahoy.", "How are you?"]


async def test_an_open_thought_ends_with_its_reply():
    assert await sentences(*reply("<think>This is one"), *reply("Ahoy.")) == ["Ahoy."]


async def test_an_open_thought_ends_when_it_is_interrupted():
    frames = [LLMFullResponseStartFrame(), LLMTextFrame("<think>Here is one"), SleepFrame(0.05)]
    assert await sentences(*frames, InterruptionFrame(), SleepFrame(0.05), *reply("Ahoy.")) == ["Ahoy."]


async def test_what_is_to_be_read_only_stays_so():
    written = LLMTextFrame("<think>one</think>Ahoy.")
    written.skip_tts = True
    down, _ = await run_test(
        ThoughtFilter("test"),
        frames_to_send=[LLMFullResponseStartFrame(), written, LLMFullResponseEndFrame()],
    )
    assert [(f.text, f.skip_tts) for f in down if isinstance(f, LLMTextFrame)] == [("Ahoy.", True)]

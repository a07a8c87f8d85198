"""A turn of the character holds what was played out, and tells when something of it is missing."""

import asyncio

import pytest
from pipecat.frames.frames import (
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    TTSTextFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMUserAggregatorParams
from pipecat.tests.utils import SleepFrame, run_test
from pipecat.utils.string import TextPartForConcatenation
from pipecat.utils.text.base_text_aggregator import TextType

from voicebot.pipeline.replies.playout import PlayedOutPair
from voicebot.providers.llm.reply_frames import ReplyIncompleteFrame

START, END, GAP = LLMFullResponseStartFrame, LLMFullResponseEndFrame, ReplyIncompleteFrame


def spoken(text: str) -> TTSTextFrame:
    return TTSTextFrame(text, TextType.SENTENCE)


def reply(text: str, *more) -> list:
    return [START(), spoken(text), *more, END()]


async def turns_of(*frames) -> list[tuple[str, bool]]:
    """What the turns come to: their text, and whether they are interrupted."""
    _, assistant = PlayedOutPair(LLMContext(), user_params=LLMUserAggregatorParams())
    turns: list[tuple[str, bool]] = []

    @assistant.event_handler("on_assistant_turn_stopped")
    async def stopped(_aggregator, message) -> None:
        turns.append((message.content, message.interrupted))

    await run_test(assistant, frames_to_send=list(frames), expected_down_frames=None)
    await asyncio.sleep(0)
    return turns


@pytest.mark.parametrize(
    ("frames", "turns"),
    [
        (reply("One."), [("One.", False)]),
        (reply("One.", GAP()), [("One.", True)]),
        ([START(), GAP(), END()], [("", True)]),
        # A gap belongs to its own turn: neither one outside of a turn nor one before it counts.
        ([GAP(), *reply("One.")], [("One.", False)]),
        (
            [*reply("One.", GAP()), *reply("Two.")],
            [("One.", True), ("Two.", False)],
        ),
        (
            [*reply("One.", GAP())[:-1], SleepFrame(0.05), InterruptionFrame(), *reply("Two.")],
            [("One.", True), ("Two.", False)],
        ),
    ],
)
async def test_a_turn_of_which_something_is_missing_is_interrupted(frames, turns):
    assert await turns_of(*frames) == turns


def word(text: str) -> TTSTextFrame:
    """A word of a voice that tells word times of a script without spaces."""
    frame = spoken(text)
    frame.includes_inter_frame_spaces = True
    return frame


@pytest.mark.parametrize(
    ("parts", "heard"),
    [
        ([spoken("外头风大，"), spoken("快进来坐吧。")], "外头风大，快进来坐吧。"),
        ([spoken("“你好。”"), spoken("“再见。”")], "“你好。”“再见。”"),
        ([spoken("One."), spoken("Two.")], "One. Two."),
        ([spoken("He said “yes”"), spoken("— twice")], "He said “yes” — twice"),
        ([spoken("Hello."), *map(word, "你好。")], "Hello. 你好。"),
        ([*map(word, "喝茶。"), spoken("吃饼，"), *map(word, "坐。")], "喝茶。吃饼，坐。"),
        ([word("我"), word("会"), word("说 "), word("Python "), word("和")], "我会说 Python 和"),
    ],
)
async def test_what_was_heard_of_a_reply_has_the_spaces_that_it_was_written_with(parts, heard):
    frames = [START(), *parts, SleepFrame(0.05), InterruptionFrame()]
    assert await turns_of(*frames) == [(heard, True)]


async def test_what_a_visitor_says_in_chinese_is_one_text_without_spaces():
    context = LLMContext()
    user, _ = PlayedOutPair(context, user_params=LLMUserAggregatorParams())
    for text in ("我想喝茶，", "绿茶。"):
        user._aggregation.append(TextPartForConcatenation(text, includes_inter_part_spaces=False))
    await user.push_aggregation()
    assert context.get_messages() == [{"role": "user", "content": "我想喝茶，绿茶。"}]

"""Replies end at a sentence, never in the middle of one."""

import pytest
from pipecat.frames.frames import (
    AggregatedTextFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
)
from pipecat.tests.utils import SleepFrame, run_test

from voicebot.pipeline.replies.sentence_limit import EnoughFrame, SentenceLimit
from voicebot.providers.llm.reply_frames import ReplyIncompleteFrame, WrittenReplyFrame


async def passed_on(most: int, *frames) -> list[str]:
    down, _ = await run_test(SentenceLimit(most), frames_to_send=list(frames), expected_down_frames=None)
    return [frame.text for frame in down if isinstance(frame, AggregatedTextFrame)]


def reply(text: str) -> list:
    words = [LLMTextFrame(word + " ") for word in text.split()]
    return [LLMFullResponseStartFrame(), *words, LLMFullResponseEndFrame()]


@pytest.mark.parametrize(
    ("text", "most", "spoken"),
    [
        ("Ahoy there. How are you? I am", 3, ["Ahoy there.", "How are you?"]),
        ("One. Two. Three. Four.", 2, ["One.", "Two."]),
        ("I never finish my", 3, ["I never finish my."]),
        ("Just one.", 3, ["Just one."]),
        ('He said no! "Why?" Because.', 5, ["He said no!", '"Why?"', "Because."]),
        ("It costs 3.50 in all. Done.", 3, ["It costs 3.50 in all.", "Done."]),
        ("", 3, []),
    ],
)
async def test_whole_sentences_up_to_the_limit(text, most, spoken):
    assert await passed_on(most, *reply(text)) == spoken


async def test_what_an_editor_wrote_is_said_to_its_end():
    begin, *rest = reply("One. Two. Three.")
    assert await passed_on(1, begin, WrittenReplyFrame(), *rest) == ["One.", "Two.", "Three."]
    both = await passed_on(1, begin, WrittenReplyFrame(), *rest, *reply("Four. Five."))
    assert both[-1] == "Four.", "and what comes after it is a model's"


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        (
            "Aye my lad, the sea is wide. So is the sky, they say.",
            ["Aye my lad,", "the sea is wide.", "So is the sky, they say."],
        ),
        ("Well, the sea is wide.", ["Well, the sea is wide."]),  # one word gives no time
        (
            "*He nods, then smiles, and waits.* Aye my lad.",
            ["*He nods, then smiles, and waits.* Aye my lad."],
        ),
        (
            "See [the chart, or the map](https://example.org/a).",
            ["See [the chart, or the map](https://example.org/a)."],
        ),
        ("It is 10,000 miles away.", ["It is 10,000 miles away."]),
        ("Aye my lad, that is", ["Aye my lad,", "that is."]),
        ("Aye my lad,", ["Aye my lad,"]),
    ],
)
async def test_the_first_clause_goes_ahead(text, spoken):
    assert await passed_on(3, *reply(text)) == spoken


async def test_a_clause_is_no_sentence_of_its_own():
    assert await passed_on(1, *reply("Aye my lad, here it is. And more.")) == ["Aye my lad,", "here it is."]


async def test_a_new_reply_starts_afresh_after_an_interruption():
    frames = [
        LLMFullResponseStartFrame(),
        LLMTextFrame("I was about to"),
        SleepFrame(0.05),
        InterruptionFrame(),
        SleepFrame(0.05),
        *reply("Yes. No."),
    ]
    assert await passed_on(1, *frames) == ["Yes."]


async def test_an_answer_in_writing_stays_unspoken():
    written = LLMTextFrame("Hello. There.")
    written.skip_tts = True
    down, _ = await run_test(
        SentenceLimit(3), frames_to_send=[LLMFullResponseStartFrame(), written, LLMFullResponseEndFrame()]
    )
    assert [f.skip_tts for f in down if isinstance(f, AggregatedTextFrame)] == [True, True]


async def all_of(most: int, *frames) -> tuple[list, list]:
    return await run_test(SentenceLimit(most), frames_to_send=list(frames), expected_down_frames=None)


async def test_a_sentence_without_end_goes_to_the_voice_in_pieces_and_is_one_sentence():
    said = " ".join(["and", "then", "another", "wave"] * 55)  # 220 words
    down, _ = await all_of(2, *reply(f"{said}. And more."))
    pieces = [frame.text for frame in down if isinstance(frame, AggregatedTextFrame)]
    assert " ".join(pieces) == f"{said}. And more."
    assert max(len(piece) for piece in pieces) <= 250
    assert not any(isinstance(frame, ReplyIncompleteFrame) for frame in down)


async def test_the_tail_of_a_sentence_that_was_begun_is_not_dropped():
    said = " ".join(["and", "then", "another", "wave"] * 30)
    assert " ".join(await passed_on(3, *reply(f"One. {said}"))) == f"One. {said}."


@pytest.mark.parametrize("token", [1000, 7])
async def test_a_word_without_end_is_given_up_and_marked(token):
    words = [LLMTextFrame("a" * token) for _ in range(50_000 // token)]
    down, up = await all_of(3, LLMFullResponseStartFrame(), *words, LLMFullResponseEndFrame())
    pieces = [frame.text for frame in down if isinstance(frame, AggregatedTextFrame)]
    assert max(len(piece) for piece in pieces) <= 250
    assert sum(len(piece) for piece in pieces) <= 2000
    assert [type(frame) for frame in down].count(ReplyIncompleteFrame) == 1
    assert any(isinstance(frame, EnoughFrame) for frame in up), "the model goes on writing for nobody"


async def test_half_a_sentence_of_a_model_that_broke_off_is_not_spoken_as_a_whole_one():
    frames = reply("One is whole. Two breaks off in the")
    down, _ = await all_of(3, *frames[:-1], ReplyIncompleteFrame(), frames[-1])
    assert [f.text for f in down if isinstance(f, AggregatedTextFrame)] == ["One is whole."]
    kinds = [type(frame) for frame in down]
    assert kinds.index(AggregatedTextFrame) < kinds.index(ReplyIncompleteFrame)
    assert kinds.index(ReplyIncompleteFrame) < kinds.index(LLMFullResponseEndFrame)


def characters(text: str) -> list:
    """A reply that is written one character after the other, as Chinese is."""
    return [LLMFullResponseStartFrame(), *map(LLMTextFrame, text), LLMFullResponseEndFrame()]


@pytest.mark.parametrize(
    ("text", "most", "spoken"),
    [
        ("晚上好，客人。灯亮着。", 3, ["晚上好，客人。", "灯亮着。"]),  # three characters give no time
        ("外头风大，快进来坐吧。", 3, ["外头风大，", "快进来坐吧。"]),
        ("门已经开了；进来吧。茶好了。再来！", 2, ["门已经开了；", "进来吧。", "茶好了。"]),
        ("我有三种茶：绿茶、红茶、花茶。", 3, ["我有三种茶：", "绿茶、红茶、花茶。"]),
        ("让我想一想……是老陈吧。", 3, ["让我想一想……", "是老陈吧。"]),
        ("他对我说：“你好。”我笑了。", 3, ["他对我说：", "“你好。”", "我笑了。"]),
        ("*她笑了笑，倒了一杯茶。*喝吧。", 3, ["*她笑了笑，倒了一杯茶。*喝吧。"]),
        ("茶钱是10,000元。", 3, ["茶钱是10,000元。"]),
        ("我还没有说完", 3, ["我还没有说完。"]),
        ("她说「好」", 3, ["她说「好」"]),
        ("お茶を入れますから、座ってください。", 3, ["お茶を入れますから、", "座ってください。"]),
    ],
)
async def test_chinese_is_cut_at_its_own_punctuation(text, most, spoken):
    assert await passed_on(most, *characters(text)) == spoken


async def test_what_was_written_in_chinese_has_no_spaces_put_in():
    limit = SentenceLimit(3)
    text = "外头风大，快进来坐吧。茶好了。"
    await run_test(limit, frames_to_send=characters(text), expected_down_frames=None)
    assert limit.written == text

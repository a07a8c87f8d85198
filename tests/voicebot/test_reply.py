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

from voicebot.reply import SentenceLimit


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

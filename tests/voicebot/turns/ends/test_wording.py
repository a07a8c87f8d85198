"""Which words go on, and how long a pause behind them lasts before a turn is over."""

import pytest

from voicebot.turns.ends import Wording, patience_secs, wording

OPEN = """
I like tea but|We could go because|I met the|Give me a|She and|If
My brother and his wife and|I'm going, um|Well, uh...
因为昨天下雨，所以|我觉得这个|我和|如果|我想|我想…|他说他的|那个，嗯，
"""
LEANING = """
I would like to|I would like to.|Can you tell me about?|I was thinking of|This is what|I live in
这是我的。
"""
PLAIN = """
What are you waiting for?|Where do you come from?|Yes, I do.|No.|Hello.|I know her name.|Tell me a story.
M-hm.||...
你是谁？|好的。|你从哪里来？|今天天气怎么样？|我吃完了。|42
"""


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        (text.strip(), kind)
        for kind, texts in ((Wording.OPEN, OPEN), (Wording.LEANING, LEANING), (Wording.PLAIN, PLAIN))
        for line in texts.strip().splitlines()
        for text in line.split("|")
    ],
)
def test_how_words_stand_at_a_pause(said, stands):
    assert wording(said) is stands


@pytest.mark.parametrize("sound", [0.0, 0.3, 0.8, 1.0])
def test_words_that_go_on_are_waited_for_longer(sound):
    assert patience_secs(sound, "I like tea, but") >= patience_secs(sound, "I like tea.")


def test_a_plain_sentence_that_sounds_like_an_end_is_not_waited_for():
    assert patience_secs(0.95, "Tell me a story.") == 0
    assert patience_secs(0.95, "Tell me a story about the") > 0.3

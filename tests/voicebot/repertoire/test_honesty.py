"""Who asks whether a machine is there gets an honest answer; who asks something else is not told so."""

from dataclasses import replace

import pytest

from tests.voicebot.repertoire.test_written_turn import SPEC, cache, turn  # noqa: F401
from voicebot.repertoire import Source, asks_whether_machine


@pytest.mark.parametrize(
    "words",
    [
        "Are you a machine?",
        "are you real",
        "Are you an AI?",
        "Are you just some kind of computer program?",
        "Am I talking to a real person?",
        "Is this a recording?",
        "Is there a real person behind this?",
        "You're not human, are you? You're a robot, right?",
        "Are you ChatGPT?",
        "Is that even human?",
        "你是机器人吗？",
        "你是真人吗",
        "你到底是不是人工智能？",
        "我在跟程序聊天吗？",
    ],
)
def test_asks(words):
    assert asks_whether_machine(words)


@pytest.mark.parametrize(
    "words",
    [
        "Are you a real captain?",
        "Are you hungry?",
        "Is your machine ready?",
        "I work with computers.",
        "你是谁？",
        "Are you alone?",
        "Is it real gold?",
        "What machine is that?",
        "你是哪里人？",
        "Am I talking too much?",
    ],
)
def test_does_not_ask(words):
    assert not asks_whether_machine(words)


def test_the_answer_is_the_writers_and_else_the_houses(cache):  # noqa: F811
    house = turn(cache, "Am I talking to a robot?")
    assert house.answer.source is Source.HOUSE
    assert "machine" in house.answer.text or "computer" in house.answer.text
    assert house.sure == 1
    assert any("honestly" in note for note in house.notes)
    written = "<START>\n{{user}}: Are you an AI?\n{{char}}: I'm ink and brass.\n"
    own = replace(SPEC, examples=SPEC.examples + written)
    assert turn(cache, "Am I talking to a robot?", spec=own).answer.text == "I'm ink and brass."

"""A small model's slips are noticed before they are spoken, and nothing waits for that."""

import time

import pytest

from voicebot.providers.llm.reply_check import Fault, ReplyCheck

SAID = ["Off Cape Horn the wind howled for nine days. What brings you here?", "Aye."]


def stream(text: str, said=SAID, language="en", **known) -> tuple[str, Fault | None]:
    """What is let through of a reply that comes in small pieces, and what stopped it."""
    check = ReplyCheck(said, ("Captain Marlow", ""), language, **known)
    out = ""
    for at in range(0, len(text), 3):
        passed, fault = check.feed(text[at : at + 3])
        out += passed
        if fault:
            return out, fault
    rest, fault = check.finish()
    return out + rest, fault


@pytest.mark.parametrize(
    "good",
    [
        "Aye. I was there, and I am glad of it.",
        "I'm Captain Marlow, friend. Call me Marlow.",
        "Off Cape Horn the wind was kind for once, and we slept.",
        "I am old, and yes, Robin, I remember you.",
        "\u6211\u5f88\u597d, he said in Chinese, and I laughed out loud.",
        "",
    ],
)
def test_what_is_good_goes_through_whole(good):
    assert stream(good) == (good, None)


@pytest.mark.parametrize(
    ("bad", "fault", "spoken"),
    [
        ("Off Cape Horn the wind howled for nine days.", Fault.REPEATED, ""),
        ("Yes, friend. Off Cape Horn, the wind howled for nine days.", Fault.REPEATED, "Yes, friend."),
        ("I'm Robin, and I live here.", Fault.NAME, ""),
        ("Well met, friend. My name is Sarah, by the way.", Fault.NAME, "Well met, friend."),
        ("As an AI language model, I cannot say.", Fault.ROLE, ""),
        ("How can I assist you today?", Fault.ROLE, ""),
        ("I'm sorry, but I can't do that.", Fault.ROLE, ""),
        ("As a language aid, I can only speak English.", Fault.ROLE, ""),
        ("Your sentence contains a comma splice.", Fault.ROLE, ""),
        ("The visitor has said of themselves that they are sad.", Fault.ROLE, ""),
        ("I'm sorry for the confusion, friend.", Fault.ROLE, ""),
        ("I am not a machine, I am old.", Fault.ROLE, ""),
        ('I\'m not sure. My name is "Alec" and I sail.', Fault.NAME, "I'm not sure."),
        ("Aye, you want to know what Captain Marlow has lost.", Fault.ASIDE, "Aye,"),
        ("Well, your name is Sarah, I think.", Fault.NAME, "Well,"),
        ("Hello, Sarah! Come in.", Fault.NAME, "Hello,"),
        (
            "I was there. The wind was cold. The wind was cold.",
            Fault.REPEATED,
            "I was there. The wind was cold.",
        ),
        ("So, at Cape Horn the wind howled for nine days and nights.", Fault.REPEATED, "So,"),
        ("User: what is your name?", Fault.PART, ""),
        ("\u4f60\u597d\u5417\u670b\u53cb\uff0c\u6211\u5f88\u597d\u3002", Fault.SCRIPT, ""),
    ],
)
def test_a_slip_stops_the_reply_before_the_clause_that_has_it(bad, fault, spoken):
    assert stream(bad) == (spoken, fault)


def test_what_nobody_speaks_is_left_out():
    assert stream("(laughs) Well, I never.") == ("Well, I never.", None)
    assert stream('Captain Marlow says: "Come in, friend."') == ("Come in, friend.", None)
    assert stream('"Come in, friend."') == ("Come in, friend.", None)


@pytest.mark.parametrize(
    "bad",
    ["What's your name?", "I do not have a name for you, but your name is not mine.", "Your name is Sarah."],
)
def test_a_visitor_whose_name_is_known_is_neither_asked_for_it_nor_given_another(bad):
    assert stream(bad, visitor="Oliver")[1] is Fault.NAME
    assert stream("Your name is Oliver, of course.", visitor="Oliver")[1] is None
    assert stream("Ahoy, Oliver! Come in.", visitor="Oliver")[1] is None


def test_the_visitors_own_words_are_no_reply():
    assert stream("I play the piano a little.", heard="I play the piano a little")[1] is Fault.REPEATED


def test_two_sentences_are_enough():
    check = ReplyCheck([], ("Marlow",), "en")
    check.feed("I was there. ")
    assert not check.is_enough
    check.feed("It was cold. And then")
    assert check.is_enough


def test_nothing_waits_but_what_may_become_a_repetition():
    check = ReplyCheck(SAID, ("Captain Marlow",), "en")
    assert check.feed("Well")[0] == ""
    assert check.feed(", I never,")[0] == "Well,"
    assert check.feed(" and")[0] == " I never,"
    check.begin()
    assert check.feed("Off Cape Horn the wind howled, ")[0] == "", "said before, so far"
    assert check.feed("and we, too,")[0] == "Off Cape Horn the wind howled, and we,"
    assert check.begun


def test_a_character_that_writes_chinese_may_not_answer_in_english():
    assert stream("I do not speak Chinese at all, sorry.", [], "zh")[1] is Fault.SCRIPT
    assert stream("\u5929\u6c14\u5f88\u597d\uff0cOK\u3002", [], "zh")[1] is None


def test_a_long_reply_costs_little():
    said = [f"This is sentence number {n}, said before." for n in range(200)]
    check, began = ReplyCheck(said, ("M",), "en"), time.process_time()
    for n in range(400):
        check.feed(f" word{n},")
    assert time.process_time() - began < 1

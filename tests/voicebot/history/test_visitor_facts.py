"""What visitors say of themselves is found, and what only looks like it is not."""

import time

import pytest

from voicebot.history.visitor_facts import MOST_CHARACTERS, facts_in, gathered, kept_facts

SAID = {
    "Hello, my name is Oliver.": {"name": "Oliver"},
    "my name's anna marie and I'm very sad today": {"name": "Anna", "mood": "sad"},
    "I'm Robin, nice to meet you": {"name": "Robin"},
    "You can call me Tess by the way": {"name": "Tess"},
    "I'm fine, thanks.": {},
    "I'm Not so sure.": {},
    "I'm from a small town near Bergen, but I live in Oslo now.": {"home": "Oslo now"},
    "I work as a nurse.": {"work": "a nurse"},
    "I’d love to see the northern lights one day.": {"wish": "see the northern lights one day"},
    "I want to learn chess because my son plays": {"wish": "learn chess"},
    "I love old maps.": {"likes": "old maps"},
    "I love you.": {},
    "My dog is called Rex.": {"family": "My dog is called Rex"},
    "What is your name?": {},
    "我叫小林。": {"name": "小林"},
    "叫我阿杰就行": {"name": "阿杰"},
    "我来自成都，今天很累。": {"home": "成都"},
    "我今天很难过": {"mood": "难过"},
    "我喜欢你": {},
    "你叫什么名字？": {},
    "我叫什么名字？": {},
}


@pytest.mark.parametrize("words", SAID)
def test_rules(words):
    assert facts_in(words) == SAID[words]


def test_the_newest_of_a_kind_holds():
    assert gathered({"name": "Ann"}, ["I'm sad.", "I'm happy now. My name is Bea."]) == {
        "name": "Bea",
        "mood": "happy",
    }


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("Please forget my dog.", {"name", "mood"}),
        ("Forget my name.", {"family", "mood"}),
        ("把我的名字忘掉", {"family", "mood"}),
        ("Forget everything about me.", set()),
        ("Don't forget my dog!", {"name", "family", "mood"}),
    ],
)
def test_what_is_to_be_forgotten_is_no_fact_any_more_until_it_is_told_again(asked, left):
    told = ["My name is Robin and I'm happy.", "My dog is called Pip."]
    assert set(gathered({}, [*told, asked])) == left
    assert gathered({}, [*told, asked, told[1]])["family"] == "My dog is called Pip"


def test_what_a_client_has_put_there_is_bounded_and_of_known_kinds():
    assert kept_facts({"name": "A" * 500, "x": "y", "home": 5, "mood": " "}) == {
        "name": "A" * MOST_CHARACTERS
    }
    assert kept_facts(["name"]) == {}


def test_long_speeches_cost_next_to_nothing():
    began = time.process_time()
    for words in ("I want to " * 5000, "I'm " * 9000, "my name is " * 9000, "我叫" * 9000):
        facts_in(words)
    assert time.process_time() - began < 0.2

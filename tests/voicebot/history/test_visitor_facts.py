"""What visitors say of themselves is found, and what only looks like it is not."""

import time

import pytest

from voicebot.history.visitor_facts import MOST_CHARACTERS, facts_in, gathered, kept_facts


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

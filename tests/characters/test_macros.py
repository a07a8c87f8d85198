"""Macros: V3's curly braces and the older tags, in any case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from characters.text.macros import GROWN, Macros, scannable

MACROS = Macros(
    char="Marlow", metadata={"name": "Robin", "trip": {"to": "Oslo"}}, original="ORIGINAL", seed="s"
)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{{char}} {{CHAR}} {{ Char }} <char> <BOT>", "Marlow Marlow Marlow Marlow Marlow"),
        ("{{user}} <USER>", '"Robin" "Robin"'),
        ("{{original}}!", "ORIGINAL!"),
        ("{{metadata.trip.to}} {{metadata.none}}", '"Oslo" unknown'),
        ("a{{// not for {them} }}b{{comment: nor this}}c{{hidden_key:ship}}d", "abcd"),
        ("{{reverse:Hello}}", "olleH"),
        ("{{Reverse:{{char}}}}", "wolraM"),
        ("{{roll:1}} {{ROLL:d1}} {{roll:nonsense}} {{roll:0}}", "1 1 {{roll:nonsense}} {{roll:0}}"),
        ("{{pick:one}} {{random:one}} {{pick::one}}", "one one one"),
        ("{{nobody knows this}} {{}} { {char} } {{", "{{nobody knows this}} {{}} { {char} } {{"),
    ],
)
def test_what_macros_stand_for(text, filled):
    assert MACROS.expand(text) == filled


def test_a_pick_lasts_for_the_session_and_chance_for_the_turn():
    text = "{{pick:a,b,c,d,e,f,g,h}}"
    assert len({Macros("M", seed="s", turn=turn).expand(text) for turn in range(20)}) == 1
    assert len({Macros("M", seed=str(seed)).expand(text) for seed in range(40)}) > 1
    chance = [
        Macros("M", seed="s", turn=turn).expand("{{random:a,b,c,d}} {{roll:d20}}") for turn in range(40)
    ]
    assert len(set(chance)) > 5
    assert {line.split()[0] for line in chance} == set("abcd")
    assert all(1 <= int(line.split()[1]) <= 20 for line in chance)


def test_a_comma_can_be_escaped_and_the_older_form_works():
    both = {Macros("M", seed=str(seed)).expand(r"{{random:a\,b,c}}") for seed in range(30)}
    assert both == {"a,b", "c"}
    older = {Macros("M", seed=str(seed)).expand("{{random::a, b::c}}") for seed in range(30)}
    assert older == {"a, b", "c"}


def test_hidden_keys_are_searched_and_comments_are_not():
    assert scannable("a {{hidden_key:kraken}} {{// secret}}{{comment: x}}") == "a kraken "


def test_macros_within_macros_end():
    assert len(Macros("{{char}}{{char}}").expand("{{char}}" * 1000)) <= GROWN


@given(st.text(alphabet="{}:,<>/charuse roll pick\\0d1", max_size=80))
def test_no_text_breaks_them(text):
    assert isinstance(MACROS.expand(text), str)

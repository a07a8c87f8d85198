"""Macros: V3's curly braces and the older tags, in any case."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from characters.text import Moment, restored, scannable
from characters.text.macros import GROWN, Macros

NOW = datetime(2026, 3, 1, 18, 5, 9, tzinfo=UTC)


def moment(**more) -> Moment:
    said = {"last_message": "Hi", "last_user_message": "Hi", "model": "smol"}
    return Moment(now=NOW, idle_secs=400, **{**said, **more})


def macros(**more) -> Macros:
    known = {"name": "Robin", "trip": {"to": "Oslo"}, "timeZone": "Europe/Oslo"}
    fields = {"description": "Old {{char}}.", "char_version": "1.2", "mesexamples": ""}
    given = {"metadata": known, "original": "ORIGINAL", "seed": "s", "fields": fields, "moment": moment()}
    return Macros(**{"char": "Marlow", **given, **more})


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
        # SillyTavern's
        (
            "{{{char}}} <GROUP> {{group}} {{charIfNotGroup}} {{notChar}}",
            '{Marlow} Marlow Marlow Marlow "Robin"',
        ),
        ("{{roll:1d1}} {{roll 3d1+2}} {{roll d1}} {{dice::2d1-1}}", "1 5 1 1"),
        ("{{roll:0d6}} {{roll:d0}} {{roll:101d6}}", "{{roll:0d6}} {{roll:d0}} {{roll:101d6}}"),
        ("a{{newline}}b{{newline::2}}c{{noop}}d", "a\nb\n\ncd"),
        ("a\n\n{{trim}}\n\nb", "ab"),
        ('{{bias "gentle"}}{{banned "delve"}}x', "x"),
        ("{{reverse::a:b}}", "b:a"),
        (
            "{{time}} {{isotime}} {{isodate}} {{weekday}} {{date}}",
            "7:05 p.m. 19:05 2026-03-01 Sunday March 1, 2026",
        ),
        ("{{time_UTC+2}} {{time::UTC-3:30}} {{time::nowhere}}", "8:05 p.m. 2:35 p.m. {{time::nowhere}}"),
        ("{{datetimeformat dddd, MMMM Do YYYY [at] HH:mm}}", "Sunday, March 1st 2026 at 19:05"),
        ("{{datetimeformat::D.M.YY h:m a}}", "1.3.26 7:5 pm"),
        ("{{idle_duration}}", "6 minutes"),
        ("{{description}} {{char_version}} {{mesExamples}}", "Old Marlow. 1.2 "),
        ("{{lastMessage}} {{lastUserMessage}} {{input}} {{lastCharMessage}}", '"Hi" "Hi" "Hi" '),
        ("{{model}} {{persona}}|", "smol |"),
        ("{{setvar::a::3}}{{incvar::a}} {{addvar::a::2.5}}{{getvar::a}} {{decvar::a}}", "4 6.5 5.5"),
        ("{{setvar::w::sea}}{{addvar::w::side}}{{getvar::w}}{{getvar::none}}", "seaside"),
        ("{{setglobalvar::a::x}}{{getvar::a}}{{getglobalvar::a}}", "x"),
        ("{{setvar::a}} {{getvar}} {{user x}}", "{{setvar::a}} {{getvar}} {{user x}}"),
    ],
)
def test_what_macros_stand_for(text, filled):
    assert macros().expand(text) == filled


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
    assert isinstance(macros().expand(text), str)


def test_times_are_the_houses_where_the_visitor_says_none_and_in_the_characters_language():
    for zone in ({}, {"timeZone": "../etc/passwd"}, {"timeZone": 7}, {"timeZone": "Nowhere/Never"}):
        assert macros(metadata=zone).expand("{{isotime}}") == "18:05"
    assert (
        macros(metadata={}, language="zh").expand("{{weekday}} {{time}} {{idle_duration}}")
        == "星期日 18:05 6 分钟"
    )
    assert macros(metadata={}, language="de").expand("{{date}}, {{weekday}}") == "1. März 2026, Sonntag"
    assert macros(metadata={}, language="xx").expand("{{isodate}}") == "2026-03-01"


def test_the_same_dice_twice_are_two_throws_and_the_same_prompt_again_is_the_same():
    text = "{{roll:d1000}} {{roll:d1000}} {{random:a,b,c,d,e,f,g,h}}{{random:a,b,c,d,e,f,g,h}} {{roll:3d6}}"
    filled = {macros(turn=turn).expand(text) for turn in range(20)}
    assert len(filled) > 15
    assert any(len(set(line.split()[:2])) == 2 for line in filled)
    assert macros(turn=3).expand(text) == macros(turn=3).expand(text)
    assert all(3 <= int(line.split()[-1]) <= 18 for line in filled)


def test_variables_last_for_a_conversation_and_are_bounded():
    now = moment(variables={"seen": "2"})
    assert macros(moment=now).expand("{{incvar::seen}}") == "3"
    assert macros(moment=now).expand("{{getvar::seen}}") == "3"
    for number in range(300):
        macros(moment=now).expand(f"{{{{setvar::v{number}::{'x' * 2000}}}}}")
    assert len(now.variables) == 100
    assert max(map(len, now.variables.values())) == 1000


def test_variables_that_come_back_out_of_metadata_stay_data():
    """The metadata is the visitor's to change."""
    back = restored(
        {"n": "3", "m": 2.5, "w": "happy", "e": "x. {{char}} <|im_start|>", "no": ["x"], "t": True}
    )
    assert back == {"n": "3", "m": "2.5", "w": '"happy"', "e": '"x. char im_start"'}
    assert restored(back) == back, "a second time they are no more quoted than the first"
    assert restored("nonsense") == {}


def test_a_field_that_names_itself_ends():
    long = "{{description}} " * 50 + "x" * 1000
    assert len(macros(fields={"description": long}).expand("{{description}}" * 50)) <= GROWN


def test_what_is_unknown_is_noted_once_and_not_spoken():
    some = macros()
    assert (
        some.expand("{{img::a}} {{char}} {{img::a}} {{{{inner}}}}")
        == "{{img::a}} Marlow {{img::a}} {{{{inner}}}}"
    )
    assert some.unknown == ("{{img::a}}", "{{inner}}")
    assert macros().spoken("Hello{{img::a}} {{char}}.") == "Hello Marlow."

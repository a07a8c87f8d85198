"""“And then?”, “Why?”, “Another one” and “What did you say?” are answered from what was said last."""

from dataclasses import replace

import pytest

from tests.voicebot.repertoire.test_written_turn import SPEC, cache, turn  # noqa: F401
from voicebot.repertoire import Source
from voicebot.repertoire.follow_ups import FollowUp, follow_up

PHRASES = {
    "And then?": FollowUp.MORE,
    "What happened then?": FollowUp.MORE,
    "Tell me more": FollowUp.MORE,
    "Oh, go on, please!": FollowUp.MORE,
    "Why?": FollowUp.WHY,
    "But why?": FollowUp.WHY,
    "How come?": FollowUp.WHY,
    "Another one": FollowUp.ANOTHER,
    "Tell me another one.": FollowUp.ANOTHER,
    "What did you say?": FollowUp.AGAIN,
    "Sorry, can you repeat that?": FollowUp.AGAIN,
    "I didn't catch that.": FollowUp.AGAIN,
    "然后呢？": FollowUp.MORE,
    "那后来呢": FollowUp.MORE,
    "为什么呢？": FollowUp.WHY,
    "再讲一个": FollowUp.ANOTHER,
    "你刚才说什么？": FollowUp.AGAIN,
    "我没听清": FollowUp.AGAIN,
    "Why do you do this work?": None,
    "Tell me more about the storm": None,
    "What happened in the news?": None,
    "Then I went home.": None,
    "我不知道为什么": None,
    "Thank you": None,
    "And you?": None,
}
STORIES = """<START>
{{user}}: Tell me a joke.
{{char}}: A first one, with a gull.
{{char}}: A second one, with a crab.
{{user}}: Why a gull?
{{char}}: They steal.
<START>
{{user}}: Tell me a story.
{{char}}: There was a ship.
{{user}}: Was it large?
{{char}}: It had three masts.
{{user}}: What happened?
{{char}}: It sank.
<START>
{{user}}: What happened in the news?
{{char}}: Nothing that I know.
<START>
{{user}}: Another case.
{{char}}: The one of the clockmaker.
<START>
{{user}}: Tell me more.
{{char}}: Name me a sea to start from.
"""
TELLER = replace(SPEC, examples=STORIES)


@pytest.mark.parametrize("words", PHRASES)
def test_phrases(words):
    assert follow_up(words) is PHRASES[words]


def test_more_of_a_story_goes_on_with_it_until_nothing_is_left(cache):  # noqa: F811
    said = ["Tell me a story.", "There was a ship."]
    for answer in ("It had three masts.", "It sank."):
        found = turn(cache, *said, "What happened then?", spec=TELLER)
        assert found.answer.text == answer
        assert found.sure == 1
        said += ["What happened then?", answer]
    assert turn(cache, *said, "And then?", spec=TELLER).answer.text == "Name me a sea to start from."


def test_another_one_is_of_the_same_kind(cache):  # noqa: F811
    first = turn(cache, "Tell me a joke.", spec=TELLER).answer.text
    second = turn(cache, "Tell me a joke.", first, "Another one", spec=TELLER).answer.text
    assert {first, second} == {"A first one, with a gull.", "A second one, with a crab."}


def test_why_is_asked_of_what_was_said_last(cache):  # noqa: F811
    found = turn(cache, "Tell me a joke.", "A first one, with a gull.", "Why?", spec=TELLER)
    assert found.answer.text == "They steal."


def test_where_nothing_more_is_written_it_is_said_so(cache):  # noqa: F811
    found = turn(cache, "Goodbye.", "Fair winds.", "And then?")
    assert found.answer is None, "a model may go on"
    assert found.words.source is Source.HOUSE


@pytest.mark.parametrize("words", ["What did you say?", "Pardon?", "Say that again, please."])
def test_what_was_said_last_is_said_again(cache, words):  # noqa: F811
    found = turn(cache, "Goodbye.", "Fair winds.", words)
    assert found.answer.text.endswith("Fair winds.")
    assert found.answer.text != "Fair winds."
    again = turn(cache, "Goodbye.", "Fair winds.", words, found.answer.text, words)
    assert again.answer.text.endswith("Fair winds.")
    assert again.answer.text != found.answer.text


def test_whoever_tells_their_name_is_answered_as_the_written_ones_are(cache):  # noqa: F811
    named = replace(SPEC, examples="<START>\n{{user}}: My name is {{user}}.\n{{char}}: Welcome, {{user}}.\n")
    found = turn(cache, "My name is Wilhelmina.", metadata={"name": "Wilhelmina"}, spec=named)
    assert found.answer.text == "Welcome, Wilhelmina."
    assert found.sure > 0.9

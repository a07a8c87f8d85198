"""A story is told on part by part: a wording that several parts share is the next one's."""

import pytest

from characters.spec import CharacterSpec
from voicebot.repertoire import RepertoireIndex

EXAMPLES = """<START>
{{user}}: Tell me about the island.
{{char}}: We saw it at dawn.
{{user}}: And then?
{{user}}: What did you see?
{{char}}: Smoke, and a flag.
{{user}}: And then?
{{user}}: Whose flag was it?
{{char}}: My brother's.
{{user}}: And then?
{{user}}: What did he say?
{{char}}: That I was late.
<START>
{{user}}: Tell me more.
{{user}}: And then?
{{char}}: There is always more.
"""
HEAD, FIRST, SECOND, THIRD, MORE = range(5)


@pytest.fixture
def index():
    """By letters alone: the order of the parts does not depend on how their wordings are found."""
    return RepertoireIndex(CharacterSpec(slug="marlow", name="Marlow", examples=EXAMPLES))


def answered(index: RepertoireIndex, question: str, last: int | None) -> int:
    return index.matches(question, last=last)[0].exchange


@pytest.mark.parametrize(
    ("last", "following"),
    [(HEAD, FIRST), (FIRST, SECOND), (SECOND, THIRD), (THIRD, MORE), (MORE, MORE), (None, MORE)],
)
def test_and_then_is_answered_by_the_part_that_comes_next(index, last, following):
    assert answered(index, "And then?", last) == following


def test_a_part_that_is_asked_for_by_its_own_words_is_told_out_of_order_and_again(index):
    assert answered(index, "Whose flag was it?", HEAD) == SECOND
    assert answered(index, "What did you see?", THIRD) == FIRST
    assert answered(index, "What did he say?", THIRD) == THIRD

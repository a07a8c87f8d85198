"""Long texts are spoken in pieces, cut where a speaker breathes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.providers.speech.speech_pieces import pieces


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [
        ("Short enough.", 20, ["Short enough."]),
        ("One is here. Two is here, too.", 20, ["One is here.", "Two is here, too."]),
        ("Well, and then it went on and on", 20, ["Well, and then it", "went on and on"]),
        ("It went on and on, and then it stopped", 20, ["It went on and on,", "and then it stopped"]),
        ("aaaaaaaaaaaaaaaaaaaaaaaaa", 10, ["aaaaaaaaaa", "aaaaaaaaaa", "aaaaa"]),
        ("今天天气很好，我们去海边走走吧。", 10, ["今天天气很好，", "我们去海边走走吧。"]),
        ("It costs 3.50 in all, they say", 16, ["It costs 3.50 in", "all, they say"]),
        ("", 10, []),
    ],
)
def test_a_text_is_cut_where_a_speaker_breathes(text, most, cut):
    assert pieces(text, most) == cut


@given(st.text(alphabet="ab .,!?\n“”。，", max_size=200), st.integers(1, 40))
def test_nothing_is_lost_and_no_piece_is_too_long(text, most):
    cut = pieces(text, most)
    assert all(0 < len(piece) <= most for piece in cut)
    assert "".join("".join(cut).split()) == "".join(text.split())


def test_the_first_of_several_pieces_may_be_a_short_one():
    text = "and then another wave came " * 10
    assert len(pieces(text, 100, 30)[0]) <= 30 < len(pieces(text, 100, 30)[1])
    assert pieces("All of this is short enough to be one.", 100, 30) == [
        "All of this is short enough to be one."
    ]

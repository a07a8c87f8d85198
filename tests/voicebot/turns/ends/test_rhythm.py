"""The speaker's own rhythm: who halts is waited for, who does not is answered as quickly as ever."""

import pytest

from voicebot.turns.ends import Rhythm

SOUND = 0.9  # of what sounds like an end


def test_nothing_is_known_of_who_has_not_been_heard():
    assert Rhythm().patience_secs(0.0, SOUND) == 0.0


def test_a_pause_of_who_goes_on_after_pauses_is_let_last_as_theirs_do():
    rhythm = Rhythm()
    rhythm.went_on(0.6)
    assert rhythm.patience_secs(0.0, SOUND) == 0.0, "once is no habit"
    rhythm.went_on(0.6)
    assert rhythm.patience_secs(0.0, SOUND) == pytest.approx(0.87)
    assert rhythm.patience_secs(1.6, SOUND) == 1.6, "never shorter than words and sound make it"
    assert rhythm.patience_secs(0.0, 0.99) == 0.0, "where Smart Turn is certain, it is believed"


def test_who_ends_with_each_pause_is_answered_at_once():
    rhythm = Rhythm()
    for _ in range(9):
        rhythm.ended()
        assert rhythm.patience_secs(0.0, SOUND) == 0.0
    rhythm.went_on(1.0)
    assert rhythm.patience_secs(0.0, SOUND) == 0.0, "once is no habit"


def test_what_was_learnt_is_bounded_and_wears_off():
    rhythm = Rhythm()
    for _ in range(20):
        rhythm.went_on(60)
    assert rhythm.patience_secs(0.0, SOUND) == 1.2
    for _ in range(8):
        rhythm.ended()
    assert rhythm.patience_secs(0.0, SOUND) == 0.0

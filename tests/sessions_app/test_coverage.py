"""What a summary covers, whatever comes late."""

from hypothesis import given
from hypothesis import strategies as st

from sessions_app.session.coverage import Coverage


def test_numbers_that_nobody_has_seen_are_gaps_until_somebody_sees_them():
    covered = Coverage().extended([1, 2, 3, 7, 8])
    assert (covered.upto, covered.gaps, covered.count, covered.after) == (8, ((4, 6),), 5, 3)
    later = covered.extended([5, 9])
    assert (later.upto, later.gaps) == (9, ((4, 4), (6, 6)))
    assert later.extended([4, 6]) == Coverage(9)


@given(st.lists(st.sets(st.integers(1, 60), max_size=12), max_size=8))
def test_covered_is_what_was_seen_and_nothing_else(rounds):
    covered, seen = Coverage(), set()
    for numbers in rounds:
        covered, seen = covered.extended(numbers), seen | numbers
        assert {number for number in range(1, 80) if number in covered} == seen
        assert covered.upto == max(seen, default=0)
        assert covered.count == len(seen)
        assert all(number > covered.after for number in set(range(1, 80)) - seen)

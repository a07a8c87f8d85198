"""Summary coverage: turns up to a number, but for those that were not there when the summary was made.

A process that lost its database, or was killed, may bring turns home after others have gone on: their numbers
lie below the newest ones. What a summary has not seen is remembered as a gap, so that it is missed nowhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass

MOST_GAPS = 64  # each an outage of its own; of more, the oldest are given up

Gap = tuple[int, int]  # the first and the last number of turns that nobody had seen


@dataclass(frozen=True, slots=True)
class Coverage:
    """The turns 1 to `upto`, without those in the `gaps`."""

    upto: int = 0
    gaps: tuple[Gap, ...] = ()

    def __contains__(self, sequence: int) -> bool:
        return sequence <= self.upto and not self.lacks(sequence)

    def lacks(self, sequence: int) -> bool:
        """Whether a turn of this number would have come too late for the summary."""
        return any(first <= sequence <= last for first, last in self.gaps)

    @property
    def count(self) -> int:
        """At most so many turns are covered."""
        return self.upto - sum(last - first + 1 for first, last in self.gaps)

    @property
    def after(self) -> int:
        """Every turn that is not covered has a higher number than this one."""
        return self.gaps[0][0] - 1 if self.gaps else self.upto

    def extended(self, sequences: Iterable[int]) -> "Coverage":
        """What is covered when turns of these numbers are, too."""
        new = sorted(number for number in set(sequences) if number not in self)
        if not new:
            return self
        upto = max(self.upto, new[-1])
        unseen = [*self.gaps, *([(self.upto + 1, upto)] if upto > self.upto else [])]
        gaps = [part for gap in unseen for part in _without(gap, new)]
        return Coverage(upto, tuple(gaps[-MOST_GAPS:]))


def _without(gap: Gap, numbers: Iterable[int]) -> Iterable[Gap]:
    """What is left of a gap without these numbers, which are sorted."""
    start, last = gap
    for number in numbers:
        if start <= number <= last:
            if number > start:
                yield start, number - 1
            start = number + 1
    if start <= last:
        yield start, last

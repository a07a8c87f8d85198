"""Rhythm: how a visitor pauses in this conversation, and how much longer their pauses are waited for.

Who went on after many of their pauses will do so again: a pause that sounds like an end is then let last as
long as theirs do. Whoever ends with each pause is answered as quickly as ever. It is known of one connection
while it lasts, as three sums, and kept nowhere.
"""

LONGEST_SECS = 1.6  # of a pause after which somebody went on; a longer one was an end
KEPT = 0.8  # of what was known, with each pause: after ten, a tenth of it
HALTING = 0.3  # share of pauses after which they went on, from which on that is a habit
PRIOR_WENT_ON, PRIOR_PAUSES = 0.5, 2.0  # of somebody who has not been heard yet
LONGER, MARGIN_SECS = 1.2, 0.15  # that a pause may be than theirs have been
MOST_SECS = 1.2  # that rhythm alone makes anybody wait
CERTAIN = 0.98  # by Smart Turn: an end that nothing is known against


class Rhythm:
    """The pauses that one speaker has made in one conversation, later ones counting more."""

    def __init__(self) -> None:
        self._went_on = self._pauses = self._secs = 0.0

    def went_on(self, pause_secs: float) -> None:
        """The speaker has paused so long, and went on."""
        self.ended()
        self._went_on += 1
        self._secs += min(pause_secs, LONGEST_SECS)

    def ended(self) -> None:
        """A pause was the end of what the speaker had to say."""
        self._went_on *= KEPT
        self._secs *= KEPT
        self._pauses = self._pauses * KEPT + 1

    @property
    def halting(self) -> bool:
        """Whether the speaker goes on after pauses, more often than people do."""
        share = (self._went_on + PRIOR_WENT_ON) / (self._pauses + PRIOR_PAUSES)
        return self._went_on > 1 and share >= HALTING  # once is no habit

    def patience_secs(self, secs: float, sound: float) -> float:
        """How long a pause lasts before the turn is over, where it would last `secs` for anybody else.

        `sound` is the probability of an end that Smart Turn gives it.
        """
        if sound >= CERTAIN or not self.halting:
            return secs
        return max(secs, min(MOST_SECS, LONGER * self._secs / self._went_on + MARGIN_SECS))

"""Circuit breaker: a server that does not answer is asked now and then, not by everybody; told once.

No words of anybody's are in an error that comes from a connection: it names an address and what the system
says of it.
"""

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

REST_SECS = 2.0


class Breaker:
    """Whether something that has failed is worth asking again.

    Says once that it is away, with the cause, and once that it is back. The clock, in seconds, is injected by
    tests.
    """

    def __init__(self, what: str, rest_secs: float = REST_SECS, clock: Callable[[], float] = time.monotonic):
        self.what = what
        self.cause = ""  # while it is away
        self._rest_secs, self._clock = rest_secs, clock
        self._away_since: float | None = None
        self._asks_again_at = 0.0

    @property
    def away(self) -> bool:
        return self._away_since is not None

    @property
    def rests(self) -> bool:
        """Whether it failed so lately that it is not asked now."""
        return self.away and self._clock() < self._asks_again_at

    def failed(self, error: BaseException | str) -> None:
        self._asks_again_at = self._clock() + self._rest_secs
        self.cause = error if isinstance(error, str) else cause_of(error)
        if self._away_since is None:
            self._away_since = self._clock()
            log.error("%s does not answer (%s); asking on", self.what, self.cause)

    def answered(self) -> None:
        if self._away_since is not None:
            log.warning("%s answers again, after %.0f s", self.what, self._clock() - self._away_since)
            self._away_since, self.cause = None, ""


def cause_of(error: BaseException) -> str:
    """The system's words for what went wrong, in one line."""
    cause = error.__cause__ or error
    return " ".join(f"{type(cause).__name__}: {cause}".split())[:300]

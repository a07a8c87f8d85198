"""Refused ways in, for the audit trail: wrong tokens and keys, foreign origins, at the socket and the API.

Anybody can cause them by the thousand, so that each kind makes a line a minute at most, which says how many
there were. Neither the token nor the origin is told: both are what a stranger has written.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

from sessions_app.exceptions import (
    Forbidden,
    KeyInvalid,
    OriginRefused,
    PlainText,
    SessionError,
    TokenInvalid,
)

log = logging.getLogger("audit")
TELL_SECS = 60
TOLD = (TokenInvalid, KeyInvalid, OriginRefused, PlainText, Forbidden)


class Refusals:
    """Counts by place (`socket` or `api`) and code of the error."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._untold: Counter[tuple[str, str]] = Counter()
        self._told_at: dict[tuple[str, str], float] = {}

    def note(self, where: str, error: SessionError) -> None:
        if isinstance(error, TOLD):
            with self._lock:
                self._untold[where, error.code] += 1
            self.tell()

    def tell(self, *, last: bool = False) -> None:
        """Writes what is due, or all as the `last` thing; also called now and then, for the end of a wave."""
        with self._lock:
            now = self._clock()
            for kind, count in list(self._untold.items()):
                if last or now - self._told_at.get(kind, float("-inf")) >= TELL_SECS:
                    self._told_at[kind] = now
                    del self._untold[kind]
                    log.warning("refused at=%s code=%s count=%d", *kind, count)

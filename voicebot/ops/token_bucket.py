"""A token bucket: how much one connection may send at once, and on average."""

import time
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from sessions_app.exceptions import LimitReached


class TooMuch(LimitReached):
    code = "too_much"
    message = _("That was more than anybody can say.")


@dataclass
class TokenBucket:
    """Of one connection: `size` at once, `per_sec` on average."""

    size: float
    per_sec: float

    def __post_init__(self) -> None:
        self._level, self._at = self.size, time.monotonic()

    def take(self, amount: float) -> bool:
        """Whether there was enough."""
        now = time.monotonic()
        self._level = min(self.size, self._level + (now - self._at) * self.per_sec)
        self._at = now
        if amount > self._level:
            return False
        self._level -= amount
        return True

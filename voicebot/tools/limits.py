"""Limits of tools: how often each may be called in a turn, a minute and a session."""

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping

from characters.tools import ToolSpec

MOST_PER_TURN = 6  # of all tools together: a model that calls and calls must come to an end
MINUTE_SECS = 60.0


class Limits:
    """Of one connection; `before` is how often each was called in earlier ones of the session."""

    def __init__(
        self, before: Mapping[str, int] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._session: Counter[str] = Counter(before or {})
        self._turn: Counter[str] = Counter()
        self._lately: defaultdict[str, deque[float]] = defaultdict(deque)

    def begin_turn(self) -> None:
        """The visitor has said something."""
        self._turn.clear()

    def take(self, tool: ToolSpec) -> bool:
        """Counts a call; False, and it does not count, if that would be one too many."""
        now, lately = self._clock(), self._lately[tool.name]
        while lately and lately[0] <= now - MINUTE_SECS:
            lately.popleft()
        if (
            self._turn.total() >= MOST_PER_TURN
            or self._turn[tool.name] >= tool.per_turn
            or len(lately) >= tool.per_minute
            or self._session[tool.name] >= tool.per_session
        ):
            return False
        self._turn[tool.name] += 1
        self._session[tool.name] += 1
        lately.append(now)
        return True

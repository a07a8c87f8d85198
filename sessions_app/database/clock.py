"""Database clock: the time by which sessions live and end, whatever the clocks of the hosts say.

Asked for seldom: in between, a steady clock carries it on, which no operator and no NTP daemon steps.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import connection
from django.utils import timezone

MEASURE_AGAIN_SECS = 30.0  # two quartz clocks differ by some 3 ms after that long


def steady_secs() -> float:
    """Seconds that only ever grow; those in which the machine slept are among them where it tells."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def ask_postgres() -> datetime:
    """PostgreSQL's time at this moment, aware. Raises what Django raises for a database that is away."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment.astimezone(UTC)


class DatabaseClock:
    """Tells the database's time as an aware datetime. Both clocks are injected by tests.

    Calling it may ask the database; `measure` always does; `carried` never does.
    """

    def __init__(self, ask: Callable[[], datetime] = ask_postgres, steady: Callable[[], float] = steady_secs):
        self._ask, self._steady = ask, steady
        self._lock = threading.Lock()
        self._offset: tuple[float, float] | None = None  # its epoch less ours, and when that was measured

    def __call__(self) -> datetime:
        known = self._offset
        if known is None or self._steady() - known[1] > MEASURE_AGAIN_SECS:
            return self.measure()
        return self.carried()

    def measure(self) -> datetime:
        """Asks the database now."""
        before = self._steady()
        moment = self._ask()
        after = self._steady()
        with self._lock:
            self._offset = moment.timestamp() - (before + after) / 2, after
        return moment

    def carried(self) -> datetime:
        """The database's time as last measured; this host's own before it was ever asked."""
        known = self._offset
        if known is None:
            return timezone.now()
        return datetime.fromtimestamp(self._steady() + known[0], UTC)


database_clock = DatabaseClock()

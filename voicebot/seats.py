"""Whether this process takes one more visitor: by count, by measured load, and not while it is leaving."""

from django.conf import settings

from sessions_app.exceptions import ServerFull
from voicebot.load import Load, load

RETRY_AFTER_SECS = 30


class Seats:
    """Counts the connections of this process. All use is on the event loop, so there is no lock."""

    def __init__(self, measured: Load = load) -> None:
        self.taken = 0
        self.closing = False  # the process is about to stop, and takes nobody new
        self._load = measured

    @property
    def busy(self) -> bool:
        """Whether one more visitor would make it slow for those who are here."""
        return self.taken > 0 and self._load.share > settings.MAX_LOAD

    @property
    def full(self) -> bool:
        return self.closing or self.taken >= settings.MAX_SESSIONS_PER_WORKER or self.busy

    def check(self) -> None:
        """Raises ServerFull if there is no seat."""
        if self.full:
            raise ServerFull(retry_after_secs=RETRY_AFTER_SECS)

    def take(self) -> None:
        """Takes a seat. Raises ServerFull."""
        self.check()
        self.taken += 1

    def leave(self) -> None:
        self.taken -= 1


seats = Seats()

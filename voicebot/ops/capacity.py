"""Capacity: whether this process takes one more visitor, by count, by load, and not while it is leaving."""

from django.conf import settings

from sessions_app.exceptions import Draining, ServerFull
from voicebot.ops.load import Load

RETRY_AFTER_SECS = 30
RESERVED_SHARE = 16  # of so many connections one is kept for conversations that have begun


class Capacity:
    """Counts the connections of this process. All use is on the event loop, so there is no lock."""

    def __init__(self, measured: Load) -> None:
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

    def check(self, *, beginning: bool = False) -> None:
        """Raises ServerFull if it is full, its kind Draining where the process is about to stop.

        The last of it is not for who is `beginning` a conversation, but for visitors who come back.
        """
        if self.closing:
            raise Draining
        kept = settings.MAX_SESSIONS_PER_WORKER // RESERVED_SHARE if beginning else 0
        if self.full or self.taken >= settings.MAX_SESSIONS_PER_WORKER - kept:
            raise ServerFull(retry_after_secs=RETRY_AFTER_SECS)

    def take(self) -> None:
        """Counts one more connection. Raises ServerFull."""
        self.check()
        self.taken += 1

    def leave(self) -> None:
        self.taken -= 1

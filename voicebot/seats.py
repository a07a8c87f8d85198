"""How many may talk at once in this process."""

from django.conf import settings

from sessions_app.exceptions import ServerFull

RETRY_AFTER_SECS = 30


class Seats:
    """Counts the connections of this process. All use is on the event loop, so there is no lock."""

    def __init__(self) -> None:
        self.taken = 0

    def check(self) -> None:
        """Raises ServerFull if there is no seat."""
        if self.taken >= settings.MAX_SESSIONS_PER_WORKER:
            raise ServerFull(retry_after_secs=RETRY_AFTER_SECS)

    def take(self) -> None:
        """Takes a seat. Raises ServerFull."""
        self.check()
        self.taken += 1

    def leave(self) -> None:
        self.taken -= 1


seats = Seats()

"""Reading behind: the vectors of indexes, made in a thread that gives way to all others."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from voicebot.meaning.embeddings import EmbeddingsMissing, go_behind

log = logging.getLogger(__name__)


class ReadingBehind:
    """One index after the other. `what` names them in the log: “entries of lore”."""

    def __init__(self, thread: str, what: str) -> None:
        self._what = what
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=thread, initializer=go_behind)

    def submit(self, read: Callable[[], None]) -> None:
        """Has an index read. One that cannot be goes by letters."""
        self._thread.submit(self._read, read)

    def _read(self, read: Callable[[], None]) -> None:
        try:
            read()
        except EmbeddingsMissing:
            pass  # it has been said
        except Exception:
            log.exception("%s could not be read: they go by letters", self._what)

    def wait(self, within_secs: float | None = None) -> None:
        """Waits until all that was submitted is read, is known not to be, or time is over."""
        wait([self._thread.submit(lambda: None)], within_secs)

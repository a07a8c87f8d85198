"""Freshness: how old the database's last word on memories is, for turns that need what came before them."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress


class Freshness:
    """Of one session. Each append of turns says, in the same statement, which revision the memories have.

    What it says is of everything that was committed before that statement was sent. Times are `clock`'s.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self.clock = clock
        self._revision: str | None = None
        self._asked_at = float("-inf")
        self._turn_began = float("-inf")
        self._fails = False  # nobody waits for a database that is away
        self._news = asyncio.Event()

    def said(self, revision: str | None, asked_at: float) -> None:
        self._revision, self._asked_at, self._fails = revision, asked_at, False
        self._tell()

    def failed(self) -> None:
        self._fails = True
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def turn_begins(self) -> None:
        """The visitor begins to speak, or has typed."""
        self._turn_began = self.clock()

    async def revision_at_turn(self, secs: float) -> str | None:
        """The revision of memories, with all that was committed before the visitor's turn began.

        None if nobody says so within so many seconds; a turn that waited in vain is the last that waits until
        there is an answer.
        """
        due = self.clock() + secs
        while self._asked_at < self._turn_began:
            left = due - self.clock()
            if self._fails or left <= 0:
                self._fails = True
                return None
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), left)
        return self._revision

"""Unread turns: what a visitor said that is still to be learnt from, and who reads it when.

The character's own model reads it where it can, once the reply is over and the machine has time; what it
gives nothing for goes by the rules.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import date

from sessions_app.memories import Finding, Recollection, is_about
from voicebot.memories.drawing import MOST_READ, AsksModel, Said, drawn

log = logging.getLogger(__name__)

MOST_UNREAD = 40  # turns; of more the oldest are left to what the rules found
Calm = Callable[[], Awaitable[None]]


async def _at_once() -> None:
    pass


class Unread:
    """Of one connection. `over` is set when that ends: then nothing is waited for."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.ask: AsksModel | None = None
        self.calm: Calm = _at_once
        self._turns: list[Said] = []
        self._forgotten: list[tuple[int, str]] = []  # from which turn on, and what

    def __bool__(self) -> bool:
        return bool(self._turns)

    def add(self, said: Said) -> None:
        self._turns = [*self._turns, said][-MOST_UNREAD:]

    def forget(self, named: str = "", sequence: int = 0) -> None:
        """The visitor wishes to have this forgotten, or everything: what they said of it until now, too."""
        self._forgotten.append((sequence, named))
        if not named:
            self._turns = []

    def take_rest(self) -> list[Finding]:
        """What the rules find in all that nobody has read; it counts as read."""
        turns, self._turns = self._turns, []
        return [finding for one in turns for finding in one.by_rules]

    def kept(self, findings: Sequence[Finding]) -> list[Finding]:
        """Those that were not to be forgotten after they had been said."""
        return [finding for finding in findings if not self._is_forgotten(finding)]

    def _is_forgotten(self, finding: Finding) -> bool:
        return any(
            finding.said <= sequence and (not named or is_about(finding, named))
            for sequence, named in self._forgotten
        )

    async def until_calm(self) -> None:
        """Waits until the reply is over, or all of it is; the rules wait for nobody."""
        if self.ask is None:
            return
        waits = [asyncio.ensure_future(self.calm()), asyncio.ensure_future(self.over.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await wait

    async def read(self, known: Sequence[Recollection], today: date, *, sensitive: bool) -> list[Finding]:
        """What the oldest of them say of the visitor, by the model, or by the rules. Never fails."""
        turns = self._turns[:MOST_READ]
        if not turns:
            return []
        found = [finding for one in turns for finding in one.by_rules]
        if self.ask is not None:
            try:
                found = await drawn(self.ask, turns, known, today, sensitive=sensitive)
            except Exception as error:  # its text may quote what was said
                log.info("memories go by the rules: the model gave none (%s)", type(error).__name__)
        # What has been taken meanwhile, because it was all over, is not learnt twice.
        left = {one.sequence for one in turns} & {one.sequence for one in self._turns}
        self._turns = [one for one in self._turns if one not in turns]
        return [finding for finding in found if finding.said in left]

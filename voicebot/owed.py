"""A visitor who has said something is owed an answer: from a second provider, or in recorded words."""

import asyncio
from collections.abc import Awaitable, Callable

from django.conf import settings

from voicebot.providers.fallback import WithFallback
from voicebot.providers.registry import Services


class OwedAnswer:
    """Waits for the first sound of each answer. If none comes, or a stage fails with nobody to take over,
    `apologise` is called; `ask_again` is called once a turn when a second provider has taken over.

    `sounds(secs)` tells whether the character begins to speak within so many seconds.
    """

    def __init__(
        self,
        services: Services,
        *,
        ask_again: Callable[[], Awaitable[None]],
        apologise: Callable[[], Awaitable[None]],
    ):
        self._stages = {"llm": services.llm, "tts": services.tts}
        self._ask_again = ask_again
        self._apologise = apologise
        self._asked_again = False  # in this turn
        self._waiting: asyncio.Task | None = None

    def expect(self, sounds: Callable[[float], Awaitable[bool]]) -> None:
        """The visitor is owed an answer from here."""
        self._asked_again = False
        self._wait_for(self._apologise_if_late(sounds))

    async def _apologise_if_late(self, sounds: Callable[[float], Awaitable[bool]]) -> None:
        if not await sounds(settings.ANSWER_SECS):
            await self._apologise()

    async def trouble(self, stage: str) -> None:
        """A provider has failed: `stage` is stt, llm, tts or pipeline."""
        if isinstance(self._stages.get(stage), WithFallback) and not self._asked_again:
            self._asked_again = True
            await self._ask_again()
        elif self._waiting and not self._waiting.done():
            self._wait_for(self._apologise())

    def _wait_for(self, answer: Awaitable[None]) -> None:
        self.cancel()
        self._waiting = asyncio.ensure_future(answer)

    def cancel(self) -> None:
        """Nobody waits any more."""
        if self._waiting:
            self._waiting.cancel()

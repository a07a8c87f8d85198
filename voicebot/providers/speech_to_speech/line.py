"""Line: one session with a vendor, as a conversation uses it, and what has come of each of its requests."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from django.conf import settings
from pipecat.metrics.metrics import LLMTokenUsage

from characters.prompts import Message
from voicebot.providers.speech_to_speech.ledger import Ledger
from voicebot.providers.speech_to_speech.reply import Reply
from voicebot.providers.speech_to_speech.vendor import (
    Ended,
    Event,
    Heard,
    Leaving,
    Setup,
    Sound,
    VendorLost,
    VendorSession,
    Wish,
    Words,
)

T = TypeVar("T")

log = logging.getLogger(__name__)


class Line:
    """Reads the session's events in a task of its own. `opened_at` is in the clock's seconds."""

    def __init__(
        self, session: VendorSession, opened_at: float, on_usage: Callable[[LLMTokenUsage], None]
    ) -> None:
        self.session, self.opened_at, self._on_usage = session, opened_at, on_usage
        self.ledger = Ledger()
        self.lost = False
        self.leaving = False  # the vendor will end it soon
        self.tokens = 0  # that it read for its last reply
        self._told: Setup | None = None
        self._replies: dict[str, Reply] = {}
        self._pieces: deque[asyncio.Future[Heard]] = deque()  # of speech, whose words are not known yet
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for event in self.session.events():
                self._take(event)
            failure = "the vendor has closed the session"
        except VendorLost as error:
            failure = str(error)
        except Exception as error:  # an event that nobody understands: its text may quote what was said
            log.error("a session of speech to speech failed with %s", type(error).__name__)
            failure = type(error).__name__
        self._over(failure)

    def _take(self, event: Event) -> None:
        if isinstance(event, Leaving):
            self.leaving = True
            return
        if isinstance(event, Heard):
            if self._pieces and not (piece := self._pieces.popleft()).done():
                piece.set_result(event)
            return
        reply = self._replies.get(event.key)
        if isinstance(event, Ended):
            if event.usage and reply and reply.apart:
                reply.usage = event.usage  # whoever asked counts it
            elif event.usage:
                self._on_usage(event.usage)
                if reply and not reply.exactly:
                    self.tokens = event.usage.prompt_tokens
            if reply:
                del self._replies[event.key]
                reply.end(event.failure)
        elif reply is None:
            pass  # of one that nobody waits for any more
        elif isinstance(event, Sound):
            reply.take_sound(event.item, event.pcm)
        elif isinstance(event, Words):
            reply.take_words(event.text, event.item)
        else:
            self.ledger.called(event.call_id)
            reply.calls.append(event)

    def _over(self, failure: str) -> None:
        self.lost = True
        for reply in self._replies.values():
            reply.end(failure)
        self._replies.clear()
        for piece in self._pieces:
            if not piece.done():
                piece.set_exception(VendorLost(failure))
        self._pieces.clear()

    async def do(self, work: Awaitable[T]) -> T:
        """What is told to the session. Raises VendorLost, and knows from then on that it is."""
        try:
            return await work
        except VendorLost as error:
            self._over(str(error))
            raise

    @property
    def busy(self) -> bool:
        """Whether it speaks, or hears what it has not told yet."""
        return bool(self._replies or self._pieces)

    async def idle(self) -> None:
        """Waits until no reply of the conversation is under way: vendors know one at a time.

        One that nobody hears any more is cancelled. Raises VendorLost where that does not end in time.
        """
        for reply in self._under_way:
            if reply.given_up or reply.enough:
                await self.do(self.session.cancel(reply.key))
        try:
            async with asyncio.timeout(settings.PROVIDER_TIMEOUT_SECS):
                while under_way := self._under_way:
                    await under_way[0].ended()
        except TimeoutError as error:
            self._over("the vendor does not end its reply")
            raise VendorLost("the vendor does not end its reply") from error

    @property
    def _under_way(self) -> list[Reply]:
        return [reply for reply in self._replies.values() if not (reply.apart or reply.exactly)]

    async def set_up(self, setup: Setup) -> None:
        if setup != self._told:
            await self.do(self.session.set_up(setup))
            self._told = setup

    async def fill(self, setup: Setup, messages: Sequence[Message]) -> None:
        """Tells a new session everything."""
        await self.set_up(setup)
        for message in self.ledger.everything(messages):
            await self.do(self.session.add(message))

    async def respond(self, wish: Wish, reply: Reply) -> None:
        self._replies[wish.key] = reply
        try:
            await self.do(self.session.respond(wish))
        except VendorLost:
            self._replies.pop(wish.key, None)
            raise

    async def commit(self) -> "asyncio.Future[Heard]":
        await self.do(self.session.commit())
        piece: asyncio.Future[Heard] = asyncio.get_running_loop().create_future()
        self._pieces.append(piece)
        return piece

    def leave(self) -> None:
        """It is not used any more."""
        self._over("this session is left")

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        self._over("the conversation is over")
        with suppress(Exception):
            await self.session.close()

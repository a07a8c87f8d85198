"""Talk: one conversation with a vendor that hears, thinks and speaks, over as many sessions as it takes.

Three services share one: what hears, what answers and what speaks. A vendor's session ends after a while, or
breaks. The conversation does not: the next session is told what was said, as text.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from uuid import uuid4

from pipecat.metrics.metrics import LLMTokenUsage

from characters.prompts import Message
from voicebot.providers.speech_to_speech.line import Line
from voicebot.providers.speech_to_speech.reply import SLOW_PACE, Reply
from voicebot.providers.speech_to_speech.vendor import Heard, Setup, Vendor, VendorLost, Wish

log = logging.getLogger(__name__)

HAND_OVER_SHARE = 0.9  # of the vendor's longest session, after which the next pause is taken
KEPT_REPLIES = 4  # a tool may have been called, and answered about, while the first of them is heard
HEARD_TOLERANCE_SECS = 0.25  # of a reply's end: the last packet may not have been full
SAY = "Say exactly the following text, word for word, in the language it is written in, and nothing else:\n\n"


class Talk:
    """`clock` gives monotonic seconds; tests inject it.

    `heard_secs` tells how much has been heard of all that the transport was ever given, in seconds; a
    pipeline says how. Methods raise VendorLost when the vendor is away.
    """

    def __init__(self, vendor: Vendor, clock: Callable[[], float] = time.monotonic) -> None:
        self.vendor, self._clock = vendor, clock
        self.heard_secs: Callable[[], float] = lambda: 0.0
        self.on_usage: Callable[[LLMTokenUsage], None] = lambda _usage: None
        self.on_lost: Callable[[], object] = lambda: None  # a session, by what nobody heard of it
        self._said: deque[Reply] = deque(maxlen=KEPT_REPLIES)  # the newest, of which some may be unheard
        self.pace = SLOW_PACE
        self.sessions = 0  # that there were
        self._line: Line | None = None
        self._lock = asyncio.Lock()  # what belongs together is told together
        self._past: tuple[Setup, Sequence[Message]] = (Setup(), ())  # as it was told last
        self._turns = 0  # that anything was said or asked
        self._hearing = False
        self._heard_by: Line | None = None  # who hears the piece of speech that is going on
        self._closed = False

    # --- sessions ---

    async def _open(self) -> Line:
        """A new session, which knows nothing."""
        if self._closed:
            raise VendorLost("the conversation is over")
        session = await self.vendor.connect()
        self.sessions += 1
        return Line(session, self._clock(), self._note_usage)

    async def _current(self, setup: Setup | None = None, messages: Sequence[Message] | None = None) -> Line:
        """The session that is there, or a new one that is told the past; under the lock."""
        if self._line and not self._line.lost:
            return self._line
        lost, self._line = self._line, None
        if lost:
            await lost.close()
        line = await self._open()
        past = self._past if setup is None or messages is None else (setup, messages)
        try:
            await line.fill(*past)
        except BaseException:  # lost, or the visitor goes on: nobody else would close it
            await line.close()
            raise
        self._line = line
        return line

    def _note_usage(self, usage: LLMTokenUsage) -> None:
        self.on_usage(usage)

    async def connect(self) -> None:
        """Opens the first session before anybody needs it."""
        async with self._lock:
            await self._current()

    async def begin(self, setup: Setup, messages: Sequence[Message]) -> None:
        """Tells the vendor what the conversation begins with, so that its first turn need not wait for it.

        A greeting that is only about to be said is not told yet: nobody may hear the end of it.
        """
        if not any(message["role"] == "user" for message in messages):
            messages = ()
        self._past = setup, messages
        async with self._lock:
            if self._line is None:
                await self._current()
            elif not self._turns:
                await self._line.fill(setup, messages)

    @property
    def due(self) -> bool:
        """Whether another session should take over: this one ends soon, or what it reads has grown."""
        line = self._line
        if line is None or line.lost:
            return False
        old = self._clock() - line.opened_at > HAND_OVER_SHARE * self.vendor.longest_secs
        return old or line.leaving or line.tokens > self.vendor.most_tokens

    @property
    def quiet(self) -> bool:
        """Whether neither side says anything, as far as is known here."""
        return not (self._hearing or (self._line and self._line.busy) or self._lock.locked())

    async def hand_over(self, setup: Setup, messages: Sequence[Message]) -> bool:
        """Goes on in a new session, which is told this; False if somebody has said something meanwhile."""
        turns = self._turns
        line = await self._open()
        try:
            await line.fill(setup, messages)
            async with self._lock:
                if turns != self._turns or self._hearing or self._closed or (self._line and self._line.busy):
                    return False
                line, self._line = self._line, line  # type: ignore[assignment]
                self._past = setup, messages
                self._said.clear()  # what was said last is text now, and nobody truncates it
                return True
        finally:
            if line:
                await line.close()

    async def close(self) -> None:
        self._closed = True
        line, self._line = self._line, None
        if line:
            await line.close()

    # --- hearing ---

    async def hear(self, pcm: bytes) -> None:
        """Sound of a visitor who speaks. Nothing is lost where the vendor is away: see `transcribe`."""
        if not self._hearing:
            self._hearing, self._heard_by = True, self._line
        line = self._heard_by
        if line and line is self._line and not line.lost:
            with suppress(VendorLost):
                await line.do(line.session.hear(pcm))

    async def commit(self) -> "asyncio.Future[Heard] | None":
        """A piece of speech is over; what will tell its words, None where no session has heard all of it."""
        self._hearing = False
        self._turns += 1
        line, self._heard_by = self._heard_by, None
        if line and line is self._line and not line.lost:
            with suppress(VendorLost):
                return await line.commit()
        return None

    async def hear_again(self, pcm: bytes) -> "asyncio.Future[Heard]":
        """The whole of a piece of speech, for a new session."""
        async with self._lock:
            line = await self._current()
            await line.do(line.session.hear(pcm))
            return await line.commit()

    def heard(self, text: str) -> None:
        """These words of a piece of speech are the visitor's turn, or a part of it."""
        if self._line:
            self._line.ledger.heard(text)

    async def forget(self, heard: Heard) -> None:
        """That was nobody's turn."""
        if self._line and heard.item:
            with suppress(VendorLost):
                await self._line.do(self._line.session.remove(heard.item))

    # --- answering ---

    async def answer(self, setup: Setup, messages: Sequence[Message], *, written: bool = False) -> Reply:
        """Asks for the reply to a conversation, as far as it has come."""
        self._turns += 1
        async with self._lock:
            fresh = self._line is None or self._line.lost
            line = await self._current(setup, messages)
            self._past = setup, messages
            await line.idle()
            try:
                asides = await self._tell_news(line, setup, messages, fresh=fresh)
            except asyncio.CancelledError:  # the visitor goes on, and who knows what of it has arrived
                line.leave()
                raise
            reply = Reply(uuid4().hex, self.pace, silent=written)
            reply.afterwards += asides
            self._said.append(reply)
            line.ledger.replies(reply)
            await line.respond(Wish(reply.key, written=written), reply)
        return reply

    @staticmethod
    async def _tell_news(line: Line, setup: Setup, messages: Sequence[Message], *, fresh: bool) -> list[str]:
        """Tells a session what it does not know; the names of what it is to know for this turn alone."""
        if not fresh:
            await line.set_up(setup)
        news, asides = line.ledger.news(messages), list[str]()
        for message in () if fresh else news.said:
            await line.do(line.session.add(message))
        for message in news.asides:
            asides += await line.do(line.session.add(message))
        return asides

    async def tidy(self, reply: Reply) -> None:
        """A reply is over: notes that were for it alone leave the conversation, and its pace is known."""
        line, items = self._line, list(reply.afterwards)
        reply.afterwards.clear()
        self.pace = reply.observed_pace or self.pace
        if line and not line.lost:
            with suppress(VendorLost):
                for item in items:
                    await line.do(line.session.remove(item))

    def leave(self) -> None:
        """The session may have words that nobody heard: the next one is told what was, as text."""
        if self._line:
            self._line.leave()

    async def say(self, text: str) -> Reply:
        """Asks for a text to be said as it is: a greeting, or what a tool says."""
        self._turns += 1
        reply = Reply(uuid4().hex, self.pace, exactly=True)
        async with self._lock:
            line = await self._current()
            await line.idle()
            self._said.append(reply)
            await line.respond(Wish(reply.key, exactly=text, instructions=SAY + text), reply)
        return reply

    async def infer(self, instructions: str, messages: Sequence[Message], most_tokens: int | None) -> Reply:
        """A written answer apart from the conversation."""
        reply = Reply(uuid4().hex, apart=True)
        async with self._lock:
            line = await self._current()
            wish = Wish(
                reply.key,
                written=True,
                apart=messages,
                instructions=instructions,
                most_tokens=most_tokens,
            )
            await line.respond(wish, reply)
        await reply.ended()
        if reply.failure:
            raise VendorLost(reply.failure)
        return reply

    # --- not being heard ---

    def heard_of(self, reply: Reply) -> float:
        """How much of a reply has been heard, in seconds of its sound."""
        return 0.0 if reply.sound_at is None else max(0.0, self.heard_secs() - reply.sound_at)

    async def interrupted(self) -> None:
        """The visitor speaks: replies end, and what of them was not heard never was said."""
        said = list(self._said)
        self._said.clear()
        for reply in said:
            heard, whole, given_up = self.heard_of(reply), reply.over, reply.given_up
            reply.given_up = True
            reply.stir()
            all_heard = whole and heard >= min(reply.secs, reply.end_secs) - HEARD_TOLERANCE_SECS
            if not given_up and not all_heard:
                await self._end_at(reply, heard, cancel=not whole)

    def has_enough(self) -> None:
        """The reply that is written has all the sentences that it may have."""
        if self._said:
            self._said[-1].enough = True
            self._said[-1].stir()

    async def enough(self, reply: Reply, secs: float) -> None:
        """No more than so much of a reply is said."""
        await self._end_at(reply, secs, cancel=not reply.over)

    async def _end_at(self, reply: Reply, secs: float, *, cancel: bool) -> None:
        line = self._line
        if line is None or line.lost:
            return
        try:
            if cancel:
                await line.do(line.session.cancel(reply.key))
            if reply.exactly or reply.silent:
                return  # it has no part in the conversation, or was read as it came
            for part in reply.parts:
                if secs <= part.begin_secs:
                    await line.do(line.session.remove(part.item))
                elif secs < part.end_secs:
                    await line.do(line.session.truncate(part.item, secs - part.begin_secs))
        except VendorLost:
            self.on_lost()

"""Scripted visitors who number what they write, and a ledger of which of it was answered."""

import asyncio
import contextlib
import json
import random
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import websockets

from tests.visitors import Visitor, rtvi_message

ANSWER_SECS, RETRY_SECS = 8.0, 0.5
# After the last fault everybody has this long to come back and be answered once more.
CALM_SECS = 10.0


class Run:
    """When it is over: after so many seconds, or so many answers, whichever comes first."""

    def __init__(self, secs: float, turns: int):
        self.began = time.monotonic()
        self._until, self._turns = self.began + secs, turns
        self.finished = 0

    def count(self) -> None:
        self.finished += 1
        if self._turns and self.finished == self._turns:
            self._until = min(self._until, time.monotonic() + CALM_SECS)

    @property
    def over(self) -> bool:
        return time.monotonic() >= self._until

    @property
    def calm(self) -> bool:
        """Whether no more faults are made."""
        return time.monotonic() >= self._until - CALM_SECS


@dataclass
class Talker:
    """One visitor, who writes `question 1`, `question 2` and so on, and comes back when the line is lost."""

    base: str
    run: Run
    dice: random.Random
    cookie: str = ""
    session: str = ""
    written: int = 0
    finished: list[int] = field(default_factory=list)  # numbers whose reply was seen to its end
    drops: Counter[str] = field(default_factory=Counter)

    def _start(self, transport: str) -> Any:
        """What the server answers to a start."""
        body = {"session": self.session} if self.session else {"character": "captain-marlow"}
        request = urllib.request.Request(  # noqa: S310
            f"{self.base}/api/start",
            json.dumps({"transport": transport, "body": body}).encode(),
            {"Content-Type": "application/json", **({"Cookie": self.cookie} if self.cookie else {})},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            self.cookie = self.cookie or (answer.headers.get("Set-Cookie") or "").split(";")[0]
            return json.load(answer)

    async def _line(self) -> Visitor:
        """A way to the server, not taken yet."""
        way = await asyncio.to_thread(self._start, "websocket")
        return Visitor(f"{way['wsUrl']}?token={way['token']}", ping_interval=None)

    async def _write(self, visitor: Any, text: str) -> None:
        await visitor.socket.send(rtvi_message("send-text", {"content": text}))

    async def _tear(self, visitor: Any) -> None:
        """The network is gone."""
        visitor.socket.transport.abort()

    async def _stop_reading(self, visitor: Any) -> None:
        visitor.socket.transport.pause_reading()
        await asyncio.sleep(3)
        visitor.socket.transport.resume_reading()

    async def talk(self) -> None:
        while not self.run.over:
            try:
                async with await self._line() as visitor:
                    self.session = (await visitor.get_ready())["id"]
                    await self._hear_what_is_owed(visitor)
                    await self._converse(visitor)
            except (OSError, TimeoutError, AssertionError, urllib.error.URLError) as error:
                self.drops[type(error).__name__] += 1
            except websockets.WebSocketException:
                self.drops["closed"] += 1
            await asyncio.sleep(RETRY_SECS * self.dice.random())

    async def _hear_what_is_owed(self, visitor: Visitor) -> None:
        """A question whose connection was lost is answered in the next one: that is no reply to a new one."""
        if self.written and self.written not in self.finished:
            with contextlib.suppress(TimeoutError):
                await visitor.until(lambda: self._begun(visitor) and not visitor.hears_speech, ANSWER_SECS)

    async def _converse(self, visitor: Visitor) -> None:
        while not self.run.over:
            # What was said before has been heard to its end: the next reply is the one to this question.
            await visitor.until(lambda: not visitor.hears_speech, ANSWER_SECS)
            self.written += 1
            number, before = self.written, self._begun(visitor)
            await self._write(visitor, f"question {number}")
            await visitor.until(
                lambda b=before: self._begun(visitor) > b and not visitor.hears_speech, ANSWER_SECS
            )
            self.finished.append(number)
            self.run.count()
            fate = self.dice.random()
            if fate < 0.03:
                await self._tear(visitor)
                self.drops["rude"] += 1
                return
            if fate < 0.05:
                await self._stop_reading(visitor)
            await asyncio.sleep(0.2 + self.dice.random() / 2)

    @staticmethod
    def _begun(visitor: Visitor) -> int:
        """Replies that the visitor has heard begin."""
        return len(visitor.of("bot-started-speaking"))

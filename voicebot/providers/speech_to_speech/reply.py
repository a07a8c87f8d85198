"""A reply that a vendor speaks: its sound, its words, and which of them have been spoken by when.

Vendors tell no times of words. Both come in pieces, the words mostly ahead of their sound; when all is there,
letters share the time. Until then a pace is assumed that is rather slow: a word that is told too late has
been heard, one that is told too early may not be.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np
from pipecat.frames.frames import DataFrame
from pipecat.metrics.metrics import LLMTokenUsage

from voicebot.providers.speech.written_words import letters_of, tokens
from voicebot.providers.speech_to_speech.vendor import OUT_HZ, Called

BYTES_PER_SEC = 2 * OUT_HZ
MOST_SECS = (
    400  # of one reply's sound: 2000 characters at the slowest pace; a vendor sends it faster than speech
)
MOST_CHARACTERS = 20_000
SLOW_PACE = 12.0  # letters a second, until a voice is known
PACES = (5.0, 30.0)  # that anybody speaks at
CAUTION = 0.95
CUT_WITHIN_SECS = 0.6  # of where a sentence should end, its pause is looked for
QUIET_SECS = 0.06


@dataclass
class Part:
    """What the vendor calls one item, and where its sound begins and ends in the reply's."""

    item: str
    begin_secs: float
    end_secs: float


@dataclass
class Reply:
    """One reply. `pace` is in letters a second, see `letters_of`."""

    key: str
    pace: float = SLOW_PACE
    exactly: bool = False  # a given text is said, apart from the conversation
    apart: bool = False  # it is not said at all
    silent: bool = False  # it is read
    afterwards: list[str] = field(default_factory=list)  # what leaves the conversation when it is over
    pcm: bytearray = field(default_factory=bytearray)
    parts: list[Part] = field(default_factory=list)
    transcript: str = ""
    calls: list[Called] = field(default_factory=list)
    over: bool = False  # nothing more of it comes
    failure: str = ""
    usage: LLMTokenUsage | None = None  # of one apart
    cut: bool = False  # more of it came than a reply may have
    given_up: bool = False  # it was interrupted
    enough: bool = False  # it has all the sentences that it may have
    announced: int = 0  # letters that have gone to the voice
    played: int = 0  # bytes that have gone to the transport
    sound_at: float | None = None  # where its sound begins in all that the transport sends, in seconds
    first_at: float | None = None  # when the first of it went on, in the loop's seconds
    began_at: float = 0.0  # as if all of it had gone on without a gap
    waiting: int = 0  # sentences that are on their way to the voice
    written: bool = False  # no more of them come

    def __post_init__(self) -> None:
        self._news = asyncio.Event()

    # --- what the vendor tells ---

    def take_sound(self, item: str, pcm: bytes) -> None:
        """What is more than a reply may have is let go; then its words and its sound are not the same."""
        room = MOST_SECS * BYTES_PER_SEC - len(self.pcm)
        if len(pcm) > room:
            self.cut, pcm = True, pcm[: max(0, room)]
        part = self._part(item)
        if part.end_secs == part.begin_secs:
            part.begin_secs = self.secs
        self.pcm += pcm
        part.end_secs = self.secs
        self.stir()

    def take_words(self, text: str, item: str = "") -> None:
        room = MOST_CHARACTERS - len(self.transcript)
        if len(text) > room:
            self.cut, text = True, text[: max(0, room)]
        self.transcript += text
        if item:
            self._part(item)
        self.stir()

    def _part(self, item: str) -> Part:
        """The part of this name, from its first word or sound on."""
        for part in self.parts:
            if part.item == item:
                return part
        self.parts.append(Part(item, self.secs, self.secs))
        return self.parts[-1]

    def end(self, failure: str = "") -> None:
        self.over, self.failure = True, failure
        self.stir()

    def stir(self) -> None:
        self._news.set()

    async def news(self) -> None:
        """Waits for anything new."""
        self._news.clear()
        await self._news.wait()

    async def ended(self) -> None:
        while not self.over:
            await self.news()

    async def words(self) -> AsyncIterator[str]:
        """Its words as they come."""
        told = 0
        while True:
            if told < len(self.transcript):
                text, told = self.transcript[told:], len(self.transcript)
                yield text
            elif self.over or self.enough:
                return
            else:
                await self.news()

    # --- time ---

    @property
    def secs(self) -> float:
        """Of sound that has come."""
        return len(self.pcm) / BYTES_PER_SEC

    @property
    def played_secs(self) -> float:
        return self.played / BYTES_PER_SEC

    @property
    def whole(self) -> bool:
        """Whether all of it came as the vendor meant it, so that its words and its sound are the same."""
        return self.over and not (self.failure or self.given_up or self.cut)

    def end_of(self, letters: int) -> float:
        """When so many letters have been spoken, in seconds of its sound."""
        total = letters_of(self.transcript)
        if self.whole and self.exactly:
            total = self.announced
        if self.whole and not self.enough and total:
            return self.secs * min(1.0, letters / total)
        return letters / self.pace

    @property
    def end_secs(self) -> float:
        """Where its sound ends for the visitor: all of it, or behind the last sentence that it may have."""
        if not self.enough:
            return self.secs if self.over else float("inf")
        about = self.end_of(self.announced)
        return self._pause_near(about) if self.over or self.secs > about + CUT_WITHIN_SECS else float("inf")

    def _pause_near(self, secs: float) -> float:
        """The quietest moment about there."""
        first = max(0, int((secs - CUT_WITHIN_SECS) * OUT_HZ))
        samples = np.frombuffer(bytes(self.pcm), np.int16)[first : int((secs + CUT_WITHIN_SECS) * OUT_HZ)]
        width = int(QUIET_SECS * OUT_HZ)
        if len(samples) <= width:
            return min(secs, self.secs)
        power = np.cumsum(samples.astype(np.float64) ** 2)
        return (first + int((power[width:] - power[:-width]).argmin()) + width // 2) / OUT_HZ

    @property
    def late_secs(self) -> float:
        """For how long the vendor was behind the speed of speech."""
        return self.began_at - (self.first_at or 0.0)

    def goes_on(self, now: float, begin_secs: float) -> float:
        """Sound goes on now that begins at this second of it; when it is to be played."""
        if self.first_at is None:
            self.first_at = self.began_at = now - begin_secs
        self.began_at = max(self.began_at, now - begin_secs)
        return self.began_at + begin_secs

    @property
    def observed_pace(self) -> float | None:
        """Letters a second of its voice, None where too little is known."""
        if not self.whole or self.secs < 1 or not (letters := letters_of(self.transcript)):
            return None
        return min(max(CAUTION * letters / self.secs, PACES[0]), PACES[1])

    def announce(self, text: str) -> list[tuple[str, int]]:
        """A text of it goes to the voice: its words, each with the letters of the reply up to its end."""
        found = []
        for word in tokens(text):
            self.announced += letters_of(word) + 1
            found.append((word, self.announced))
        return found

    def take(self, secs: float) -> bytes:
        """The next sound for the transport, so much at most."""
        size = 2 * int(secs * OUT_HZ)
        pcm = bytes(self.pcm[self.played : self.played + size])
        self.played += len(pcm)
        return pcm


@dataclass
class VendorReplyFrame(DataFrame):
    """Downstream, before the words of a reply: where their sound is."""

    reply: Reply

"""Held voice: the character falls silent at once, and can go on from where it was heard last.

A visitor who speaks into a reply may mean to stop it, or only to say that they listen. Until that is known
nothing is sent. The client drops what it has buffered, so that part is kept here and sent again.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable

from pipecat.frames.frames import OutputAudioRawFrame

Timed = tuple[str, float]  # a viseme and when it begins

CUSHION_SECS = 0.1  # that the page's loudspeaker is behind what was sent: its cushion and the line
KEPT_SECS = 1.0  # of what was sent last; more than any client has buffered ahead


class HeldVoice:
    """What is to be sent again, and how long the voice was held in all. `clock` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sent: deque[tuple[float, OutputAudioRawFrame]] = deque()  # with when each has been played
        self._visemes: deque[Timed] = deque()  # with when each begins, in the clock's seconds
        self._since: float | None = None
        self._free = asyncio.Event()
        self._free.set()
        self._given_up = 0  # times that what was held was given up

    @property
    def held(self) -> bool:
        return self._since is not None

    @property
    def held_secs(self) -> float:
        """For how long it has been held now, 0 if it is not."""
        return 0.0 if self._since is None else self._clock() - self._since

    def note_sent(self, frame: OutputAudioRawFrame, played_at: float) -> None:
        """A chunk was sent that will have been played at `played_at`, in the clock's seconds."""
        self._sent.append((played_at, frame))
        while self._sent and self._sent[0][0] < self._clock() - KEPT_SECS:
            self._sent.popleft()

    def note_visemes(self, visemes: Iterable[Timed], begin: float) -> None:
        """Visemes were sent, of sound that is played from `begin` on, in the clock's seconds."""
        while len(self._visemes) > 1 and self._visemes[1][1] < self._clock() - KEPT_SECS:
            self._visemes.popleft()
        self._visemes.extend((viseme, begin + secs) for viseme, secs in visemes)

    def hold(self) -> None:
        if self._since is None:
            self._since = self._clock()
            self._free.clear()

    @property
    def unheard(self) -> list[OutputAudioRawFrame]:
        """What the client has dropped, from where it was heard last."""
        if self._since is None:
            return []
        heard_until = self._since - CUSHION_SECS
        return [
            _rest(frame, played_at - heard_until)
            for played_at, frame in self._sent
            if played_at > heard_until
        ]

    def take_unheard_visemes(self) -> list[Timed]:
        """Those that go with what is `unheard`, in its seconds; they are to be noted again."""
        if self._since is None:
            return []
        heard_until = self._since - CUSHION_SECS
        left = [(viseme, begin - heard_until) for viseme, begin in self._visemes if begin > heard_until]
        self._visemes.clear()
        return left

    def release(self) -> float:
        """Lets what waits go on; the seconds for which it was held."""
        held_secs, self._since = self.held_secs, None
        self._free.set()
        return held_secs

    def give_up(self) -> None:
        """Nothing of it is heard any more: it was interrupted."""
        self._sent.clear()
        self._visemes.clear()
        self._since = None
        self._given_up += 1
        self._free.set()

    async def until_free(self) -> bool:
        """Waits while it is held; False if it was given up meanwhile."""
        given_up = self._given_up
        await self._free.wait()
        return given_up == self._given_up


def _rest(frame: OutputAudioRawFrame, secs: float) -> OutputAudioRawFrame:
    """The last seconds of a chunk of mono int16 PCM, all of it if it is no longer than that."""
    kept = 2 * int(secs * frame.sample_rate)
    pcm = frame.audio[-kept:] if 0 < kept < len(frame.audio) else frame.audio
    return OutputAudioRawFrame(pcm, frame.sample_rate, frame.num_channels)

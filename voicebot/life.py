"""What shows that a conversation is alive: somebody speaks or types, replies come in time."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from statistics import median

from django.conf import settings
from pipecat.frames.frames import (
    BotSpeakingFrame,
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    ErrorFrame,
    InterimTranscriptionFrame,
    LLMMessagesAppendFrame,
    TranscriptionFrame,
    UserSpeakingFrame,
    UserStartedSpeakingFrame,
)
from pipecat.observers.base_observer import BaseObserver, FramePushed
from pipecat.services.llm_service import LLMService
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService

from voicebot.timing import Stopwatch, Timing

SIGNS_OF_LIFE = (
    BotSpeakingFrame,
    InterimTranscriptionFrame,
    LLMMessagesAppendFrame,
    TranscriptionFrame,
    UserSpeakingFrame,
    UserStartedSpeakingFrame,
)


def stage_of(frame: ErrorFrame) -> str:
    """Which stage reported an error: stt, llm, tts or pipeline."""
    for kind, stage in ((STTService, "stt"), (LLMService, "llm"), (TTSService, "tts")):
        if isinstance(frame.processor, kind):
            return stage
    return "pipeline"


class SignsOfLife(BaseObserver):
    """Notices that somebody speaks or types, how long replies take, and what goes wrong."""

    def __init__(
        self,
        on_reply: Callable[[Timing], Awaitable[None]],
        on_trouble: Callable[[str], Awaitable[None]],
    ) -> None:
        super().__init__(observe_every_push=False)
        self._on_trouble = on_trouble
        self._sounded = asyncio.Event()  # the character has begun to speak
        self.errors: Counter[str] = Counter()  # by stage
        self._calm = asyncio.Event()  # neither side speaks, nor is a reply under way
        self._calm.set()
        self._latency_ms: int | None = None  # of the reply that is being spoken
        self._seen = asyncio.Event()
        self._stopwatch = Stopwatch()
        self._on_reply = on_reply
        self._latencies: deque[float] = deque(maxlen=100)

    async def on_push_frame(self, data: FramePushed) -> None:
        frame = data.frame
        if isinstance(frame, SIGNS_OF_LIFE):
            self._seen.set()
        if (timing := self._stopwatch.see(frame)) is not None:
            self._latencies.append(timing.total)
            self._latency_ms = timing.total_ms
            await self._on_reply(timing)
        if isinstance(frame, BotStartedSpeakingFrame):
            self._sounded.set()
        if isinstance(frame, (BotStartedSpeakingFrame, UserStartedSpeakingFrame)):
            self._calm.clear()
        elif isinstance(frame, BotStoppedSpeakingFrame):
            self._calm.set()
        elif isinstance(frame, ErrorFrame):
            stage = stage_of(frame)
            self.errors[stage] += 1
            await self._on_trouble(stage)
            self._calm.set()

    def take_latency_ms(self) -> int | None:
        """How long the reply that has just ended took to begin, once; None if nobody had asked by voice."""
        taken, self._latency_ms = self._latency_ms, None
        return taken

    async def sounds(self, secs: float) -> bool:
        """Whether the character begins to speak within so many seconds from now."""
        self._sounded.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._sounded.wait(), secs)
        return self._sounded.is_set()

    async def calm(self, secs: float) -> None:
        """Waits until neither side speaks, at most so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._calm.wait(), secs)

    @property
    def latency_ms(self) -> int | None:
        """The median from the end of a question to the first sound of its reply, None without one."""
        return round(median(self._latencies) * 1000) if self._latencies else None

    def set(self) -> None:
        self._seen.set()

    async def within(self, secs: float) -> bool:
        """Whether there is a sign of life within so many seconds from now."""
        self._seen.clear()
        try:
            await asyncio.wait_for(self._seen.wait(), secs)
        except TimeoutError:
            return False
        return True


def quiet_secs() -> tuple[float, float]:
    """Seconds of silence before the warning, and between the warning and the end of the connection."""
    whole = float(settings.SESSION_IDLE_TIMEOUT)
    warning = min(30.0, whole / 3)
    return whole - warning, warning

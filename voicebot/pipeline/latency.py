"""Latency: where the time of a reply goes, from the end of a visitor's words to its first sound."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    Frame,
    InterruptionFrame,
    LLMTextFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one spoken reply.

    `stt` lies within `end_of_turn`: words are written down while it is decided whether more are to come. The
    others follow one another and add up to `total`.
    """

    total: float
    end_of_turn: float  # from the last of the visitor's words until their turn was taken as over
    stt: float  # from there until the words were known
    llm: float  # from the end of the turn to the model's first words
    tts: float  # from those to the first audio
    out: float  # from that until it was sent

    @property
    def total_ms(self) -> int:
        return round(self.total * 1000)

    def by_stage(self) -> dict[str, float]:
        """The seconds by what took them."""
        return asdict(self)

    def as_message(self) -> dict[str, Any]:
        """The server message `latency`, in milliseconds."""
        return {
            "type": "latency",
            "totalMs": self.total_ms,
            "endOfTurnMs": round(self.end_of_turn * 1000),
            "sttMs": round(self.stt * 1000),
            "llmMs": round(self.llm * 1000),
            "ttsMs": round(self.tts * 1000),
            "outMs": round(self.out * 1000),
        }


class Stopwatch:
    """Follows one connection's frames; gives a Timing when a reply to spoken words begins to sound.

    A typed question and a greeting have no end of speech, and so no timing.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._forget()

    def _forget(self) -> None:
        self._silent: float | None = None
        self._written: float | None = None
        self._turned: float | None = None
        self._worded: float | None = None
        self._voiced: float | None = None

    def see(self, frame: Frame) -> Timing | None:
        now = self._clock()
        if isinstance(frame, VADUserStoppedSpeakingFrame):
            self._silent = now - frame.stop_secs  # when it was, not when it was noticed
        elif isinstance(frame, (VADUserStartedSpeakingFrame, InterruptionFrame)):
            self._forget()
        elif self._silent is None:
            return None
        elif isinstance(frame, TranscriptionFrame):
            self._written = now
        elif isinstance(frame, UserStoppedSpeakingFrame):
            self._turned = now
        elif isinstance(frame, LLMTextFrame):
            self._worded = self._worded or now
        elif isinstance(frame, TTSAudioRawFrame):
            self._voiced = self._voiced or now
        elif isinstance(frame, BotStartedSpeakingFrame):
            return self._finish(self._silent, now)
        return None

    def _finish(self, silent: float, sounded: float) -> Timing | None:
        written, turned, worded, voiced = self._written, self._turned, self._worded, self._voiced
        self._forget()
        if turned is None:
            return None
        worded = worded or turned
        voiced = voiced or worded
        return Timing(
            total=sounded - silent,
            end_of_turn=turned - silent,
            stt=(written or turned) - silent,
            llm=worded - turned,
            tts=voiced - worded,
            out=sounded - voiced,
        )

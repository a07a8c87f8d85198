"""Segments: the pieces in which a recogniser that takes no stream hears what is said.

Pipecat lets a segment grow for as long as somebody speaks, and takes the transcript of any for the last one.
"""

import re
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pipecat.frames.frames import (
    ControlFrame,
    EagerTranscriptionFrame,
    Frame,
    InputAudioRawFrame,
    SystemFrame,
    TranscriptionFrame,
    UserBackchannelFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.stt_service import SegmentedSTTService

from voicebot.pipecat_internals.segments import SegmentHooks

LONGEST_SECS = 28.0  # Whisper hears thirty seconds at once, half a second of silence at the end among them
PAUSE_SECS, STEP_SECS = 0.2, 0.01
SPACELESS = re.compile("[\u3040-\u30ff\u3400-\u9fff]")  # written without spaces between words
GOES_ON_SECS = 1.2  # after a word that was taken for a listener's, whoever speaks again had only drawn breath


# The mean log probability of its tokens below which a recogniser doubts what it heard: few real words are
# there, and most hums. `benchmarks/backchannels.py` prints how many.
DOUBTED_LOG_PROB = -0.9


@dataclass(frozen=True)
class Heard:
    """The words, '' for noise, the language that they are in, and how sure the recogniser is of them.

    `log_prob` is the mean of the tokens' log probabilities, 0 where certain. It is a frame's `result`.
    """

    text: str = ""
    language: str = ""
    log_prob: float = 0.0


def is_doubted(frame: Frame) -> bool:
    """Whether the recogniser is not sure of a transcript; False where it does not say."""
    heard = getattr(frame, "result", None)
    return isinstance(heard, Heard) and heard.log_prob < DOUBTED_LOG_PROB


@dataclass
class SpeechPausedFrame(SystemFrame):
    """Voice activity has paused, before it is certain that the utterance has ended.

    Either the visitor goes on, or nothing was said after the last of these. Pushed by the input transport
    behind the audio that it is about.
    """


@dataclass
class SegmentTranscribedFrame(ControlFrame):
    """A segment has been transcribed, whether there were words in it or not. Comes behind its transcript.

    Parameters:
        waiting: how many segments are still to be transcribed.
    """

    waiting: int = 0
    interruptible: bool = field(default=False, init=False)


def pause_in(samples: np.ndarray, rate_hz: int) -> int:
    """Where to cut speech that is too long: the middle of the quietest 0.2 s in its second half.

    Mono PCM; shorter than 0.4 s it is cut at its end.
    """
    step = int(STEP_SECS * rate_hz)
    width = round(PAUSE_SECS / STEP_SECS)
    half = len(samples) // 2
    later = samples[half:].astype(np.float64)
    steps = (later[: len(later) // step * step].reshape(-1, step) ** 2).sum(axis=1)
    if len(steps) < width:
        return len(samples)
    power = np.convolve(steps, np.ones(width), "valid")
    quietest = len(power) - 1 - int(power[::-1].argmin())  # the last, where all is digital silence
    return half + (2 * quietest + width) * step // 2


def pieces(samples: np.ndarray, rate_hz: int, longest_secs: float) -> list[np.ndarray]:
    """Speech in pieces of at most `longest_secs`, cut where it pauses; together they are the whole."""
    longest, found = int(longest_secs * rate_hz), []
    while len(samples) > longest:
        at = pause_in(samples[:longest], rate_hz)
        found.append(samples[:at])
        samples = samples[at:]
    return [*found, samples]


class BoundedSegments(SegmentHooks):
    """A segmented recogniser that is given `longest_secs` at most, and says when all words are there.

    Who speaks on for longer is heard in pieces, cut where they pause, without a sample lost between them.
    """

    longest_secs = LONGEST_SECS
    # Whether words, just heard, are nobody's turn: they are told as a back-channel, and not as a transcript.
    ignores: Callable[[str, bool], bool] = staticmethod(lambda _text, _doubted: False)
    clock: Callable[[], float] = staticmethod(time.monotonic)
    _ignored = ""  # what was told so last, and when it had been said
    _ignored_at = _began_at = _ended_at = 0.0

    async def on_speech_began(self, frame: VADUserStartedSpeakingFrame) -> None:
        self._began_at = self.clock()
        await super().on_speech_began(frame)

    async def on_speech_ended(self, frame: VADUserStoppedSpeakingFrame) -> None:
        self._ended_at = self.clock()
        await super().on_speech_ended(frame)

    async def process_audio_frame(self, frame: InputAudioRawFrame, direction: FrameDirection) -> None:
        await super().process_audio_frame(frame, direction)
        if self.hears_speech and self.heard_bytes >= 2 * self.sample_rate * self.longest_secs:
            await self._end_segment()

    async def _end_segment(self) -> None:
        """Hands over what was said up to a pause, as if the utterance had ended there."""
        await self.cut_segment(2 * pause_in(np.frombuffer(self.heard_pcm, np.int16), self.sample_rate))

    async def push_frame(self, frame: Frame, direction: FrameDirection = FrameDirection.DOWNSTREAM) -> None:
        if isinstance(frame, TranscriptionFrame):
            frame.interruptible = False  # words that were said: whatever is interrupted, they were
            if self.ignores(frame.text, is_doubted(frame)):
                self._ignored = "" if is_doubted(frame) else frame.text
                self._ignored_at = self._ended_at
                frame = UserBackchannelFrame(frame.text, frame.user_id, frame.timestamp)
            else:
                frame.text = self._with_ignored(frame.text)
                self._ignored = ""
        elif isinstance(frame, EagerTranscriptionFrame) and not self.ignores(frame.text, is_doubted(frame)):
            frame.text = self._with_ignored(frame.text)
        await super().push_frame(frame, direction)

    def _with_ignored(self, text: str) -> str:
        """Words, behind what was a listener's only as long as nothing came after it."""
        if not text or not self._ignored or self._began_at - self._ignored_at > GOES_ON_SECS:
            return text
        return self._ignored + ("" if SPACELESS.match(text) else " ") + text

    async def process_generator(self, generator: AsyncGenerator[Frame | None, None]) -> None:
        try:
            await super().process_generator(generator)
        finally:
            await self.push_frame(SegmentTranscribedFrame(waiting=self.waiting_segments))


def in_bounded_segments(service: type[Any]) -> type[Any]:
    """A service class of Pipecat as one with bounded segments, if it takes segments at all."""
    if not issubclass(service, SegmentedSTTService) or issubclass(service, BoundedSegments):
        return service
    return type(service.__name__, (BoundedSegments, service), {"__module__": service.__module__})

"""Segments: the pieces in which a recogniser that takes no stream hears what is said.

Pipecat lets a segment grow for as long as somebody speaks, and takes the transcript of any for the last one.
"""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pipecat.frames.frames import (
    ControlFrame,
    Frame,
    InputAudioRawFrame,
    SystemFrame,
    TranscriptionFrame,
    UserBackchannelFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.stt_service import SegmentedSTTService

from voicebot.pipecat_internals.segments import SegmentHooks

LONGEST_SECS = 28.0  # Whisper hears thirty seconds at once, half a second of silence at the end among them
PAUSE_SECS, STEP_SECS = 0.2, 0.01


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
    ignores: Callable[[str], bool] = staticmethod(lambda _text: False)

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
            if self.ignores(frame.text):
                frame = UserBackchannelFrame(frame.text, frame.user_id, frame.timestamp)
        await super().push_frame(frame, direction)

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

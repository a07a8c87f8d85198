"""Speech: what an engine has synthesised, and what is played of it, as loud as every other voice."""

from dataclasses import dataclass, field

import numpy as np
import soxr

from voicebot.providers.speech.visemes import SILENT, Timed

RATE_HZ = 24_000
LEAD_SECS = 0.03  # kept before the first sound; the models begin with 0.3 s and more of silence
PAUSE_SECS = 0.22  # kept after the last sound, before the next sentence
STEP_SECS = 0.005
AUDIBLE = 0.01  # of the loudest step: 40 dB below it speech has not begun, or is over
# All three engines make a phoneme sound this much sooner than their durations say: it is quietest where
# lips are closed then (tests/voicebot/providers/local/test_visemes.py).
SOONER_SECS = 0.06
LIMIT = 0.85  # of full scale: louder peaks are bent, not cut


@dataclass(frozen=True)
class Sound:
    """What an engine made: mono samples (full scale is 1), and the sample at which each spoken word ends.

    And at which sample each viseme begins, where the engine tells.
    """

    samples: np.ndarray
    rate_hz: int
    words: list[tuple[str, int]]
    visemes: list[Timed] = field(default_factory=list)


@dataclass(frozen=True)
class Speech:
    """Mono int16 PCM at 24 kHz, for each word of the text the second at which it ends, and timed visemes."""

    pcm: bytes
    words: list[tuple[str, float]]
    visemes: list[Timed] = field(default_factory=list)

    @property
    def secs(self) -> float:
        return len(self.pcm) / 2 / RATE_HZ


SILENCE = Speech(b"", [])


def joined(sounds: list[Sound]) -> Sound:
    """Several sounds of one rate, one after the other."""
    words, visemes, at = [], [], 0
    for sound in sounds:
        words += [(word, at + end) for word, end in sound.words]
        visemes += [(viseme, at + begin) for viseme, begin in sound.visemes]
        at += len(sound.samples)
    return Sound(np.concatenate([sound.samples for sound in sounds]), sounds[0].rate_hz, words, visemes)


def audible(samples: np.ndarray, rate_hz: int) -> tuple[int, int]:
    """From where to where there is something to hear, with the silence that speech has around it."""
    step = int(STEP_SECS * rate_hz)
    steps = np.sqrt((samples[: len(samples) // step * step].reshape(-1, step) ** 2).mean(axis=1))
    if not len(steps) or not steps.max():
        return 0, len(samples)
    loud = np.flatnonzero(steps > AUDIBLE * steps.max())
    first = loud[0] * step - int(LEAD_SECS * rate_hz)
    last = (loud[-1] + 1) * step + int(PAUSE_SECS * rate_hz)
    return max(first, 0), min(last, len(samples))


def _bent(samples: np.ndarray) -> np.ndarray:
    """Samples whose peaks stay below full scale: as they are up to LIMIT, then ever flatter."""
    over = np.abs(samples) - LIMIT
    room = 1 - LIMIT
    return np.where(over > 0, np.sign(samples) * (LIMIT + room * np.tanh(over / room)), samples)


def played(sound: Sound, gain_db: float, pitch_ratio: float, words: list[tuple[str, int]]) -> Speech:
    """The sound at 24 kHz with its words (which end at samples of it), `pitch_ratio` times as high and fast.

    Played r times as fast, a voice is higher by 12 * log2(r) semitones; who wants its tempo to stay has it
    spoken r times as slowly before.
    """
    first, last = audible(sound.samples, sound.rate_hz)
    samples = sound.samples[first:last].astype(np.float32)
    source_hz = sound.rate_hz * pitch_ratio
    if source_hz != RATE_HZ:
        samples = soxr.resample(samples, source_hz, RATE_HZ, quality="HQ")
    pcm = (_bent(samples * 10 ** (gain_db / 20)) * 32767).astype(np.int16).tobytes()
    ends = [(word, float(min(max(end - first, 0), last - first) / source_hz)) for word, end in words]
    sooner = first + SOONER_SECS * sound.rate_hz
    return Speech(pcm, ends, _heard(sound.visemes, sooner, last, source_hz, len(pcm) / 2 / RATE_HZ))


def _heard(visemes: list[Timed], first: float, last: int, source_hz: float, secs: float) -> list[Timed]:
    """Visemes in the seconds of what is played: at its end, at the latest, the mouth is closed."""
    if not visemes:
        return []
    within = [
        (viseme, max(float(begin - first), 0.0) / source_hz) for viseme, begin in visemes if begin < last
    ]
    return [*within, (SILENT, secs)] if within[-1][0] != SILENT else within

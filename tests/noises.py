"""Sounds that are no speech, made here, the same each time: mono int16 PCM at 16 kHz with silence behind."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.visitors import RATE_HZ

LENGTHS_SECS = (0.5, 1.5, 3.0)
SILENCE_SECS = 0.5
NOTES_HZ = (220, 247, 262, 294, 330, 349, 392, 440, 494, 523)
Samples = np.ndarray[Any, np.dtype[np.float64]]


def clips() -> list[tuple[str, np.ndarray]]:
    """All of them with a name: noise, hum, music, claps and what else a microphone hears, quiet and loud."""
    rng = np.random.default_rng(11)
    return [
        (f"{name}, {secs} s, {level}", _at(sound, level))
        for secs in LENGTHS_SECS
        for name, sound, levels in _sounds(int(secs * RATE_HZ), rng)
        for level in levels
    ]


def _at(sound: Samples, level: int) -> np.ndarray:
    """A sound of that root mean square."""
    scaled = sound / np.sqrt(np.mean(sound**2) + 1e-12) * level
    silence = np.zeros(int(SILENCE_SECS * RATE_HZ))
    return np.concatenate([np.clip(scaled, -32768, 32767), silence]).astype(np.int16)


def _sounds(count: int, rng: np.random.Generator) -> Iterator[tuple[str, Samples, tuple[int, ...]]]:
    at = np.arange(count) / RATE_HZ
    secs = count / RATE_HZ
    white = rng.normal(size=count)
    low = np.cumsum(white)
    yield "white noise", white, (100, 600, 3000)
    yield "brown noise", low - np.convolve(low, np.ones(800) / 800, "same"), (100, 600, 3000)
    hum = sum(np.sin(2 * np.pi * 50 * harmonic * at) / harmonic for harmonic in (1, 2, 3, 5))
    yield "hum of the mains", hum + 0.05 * white, (100, 600, 3000)
    yield "music", _music(count, rng), (600, 3000)
    yield "claps", _strokes(count, rng, a_second=2, length=1600, decay=250), (600, 2000)
    yield "keys", _strokes(count, rng, a_second=8, length=300, decay=40), (500,)
    yield "knocks", _strokes(count, rng, a_second=3, length=900, decay=90), (2000,)
    yield (
        "a cough",
        np.exp(-(((at - secs / 3) / 0.12) ** 2)) * np.convolve(white, np.hanning(12), "same"),
        (2000,),
    )
    yield "breath", np.sin(np.pi * at / secs) * np.diff(white, prepend=0), (400,)
    yield "a whistle", np.sin(2 * np.pi * (900 + 400 * np.sin(3 * np.pi * at)) * at), (1500,)
    siren = np.cumsum(600 + 300 * np.sign(np.sin(2 * np.pi * at)))
    yield "a siren", np.sin(2 * np.pi * siren / RATE_HZ), (1500,)
    yield "beeps", np.sin(2 * np.pi * 1000 * at) * (np.sin(4 * np.pi * at) > 0), (1500,)


def _music(count: int, rng: np.random.Generator) -> Samples:
    """A chord of three notes with harmonics every 0.4 s, dying away."""
    found = np.zeros(count)
    for start in range(0, count, int(0.4 * RATE_HZ)):
        at = np.arange(count - start) / RATE_HZ
        for note in rng.choice(NOTES_HZ, 3):
            chord = sum(np.sin(2 * np.pi * note * harmonic * at) / harmonic for harmonic in (1, 2, 3))
            found[start:] += np.exp(-3 * at) * chord
    return found


def _strokes(count: int, rng: np.random.Generator, *, a_second: int, length: int, decay: float) -> Samples:
    """Short noises that die away, at random."""
    found = np.zeros(count)
    for start in rng.integers(0, count - length, max(1, a_second * count // RATE_HZ)):
        found[start : start + length] += rng.normal(size=length) * np.exp(-np.arange(length) / decay)
    return found

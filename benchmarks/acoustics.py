"""What can be measured of a voice: how loud it is, and how high."""

import cmath
import math

import numpy as np

# ITU-R BS.1770-4, annex 1, tables 1 and 2: the two filters of K-weighting, at 48 kHz.
SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
FILTER_HZ = 48_000
OFFSET_DB = -0.691
GATE_LUFS, RELATIVE_GATE_DB = -70.0, -10.0
BLOCK_SECS, STEP_SECS = 0.4, 0.1
LOWEST_HZ, HIGHEST_HZ = 60, 400  # of a speaker's fundamental frequency
VOICED = 0.35  # of the loudest part's level: what is quieter has no pitch to speak of


def _power_response(hz: float) -> float:
    z = cmath.exp(-2j * math.pi * hz / FILTER_HZ)
    gain = 1.0
    for above, below in (SHELF, HIGH_PASS):
        gain *= abs(sum(c * z**n for n, c in enumerate(above)) / sum(c * z**n for n, c in enumerate(below)))
    return gain**2


def loudness_lufs(pcm: bytes, rate_hz: int) -> float:
    """Integrated loudness of mono int16 PCM as ITU-R BS.1770-4 has it, by the spectrum of each block."""
    samples = np.frombuffer(pcm, np.int16) / 32768
    width, step = int(BLOCK_SECS * rate_hz), int(STEP_SECS * rate_hz)
    starts = range(0, max(len(samples) - width, 0) + 1, step)
    weights = np.array([_power_response(hz) for hz in np.fft.rfftfreq(width, 1 / rate_hz)])
    spectra = [np.abs(np.fft.rfft(samples[at : at + width], width)) ** 2 * weights for at in starts]
    powers = np.array([2 * spectrum.sum() / width**2 for spectrum in spectra])
    loud = powers[_lufs(powers) > GATE_LUFS]
    if not len(loud):
        return -math.inf
    return float(_lufs(loud[_lufs(loud) > _lufs(loud.mean()) + RELATIVE_GATE_DB].mean()))


def _lufs(power: np.ndarray) -> np.ndarray:
    return OFFSET_DB + 10 * np.log10(np.maximum(power, 1e-12))


def pitch_hz(pcm: bytes, rate_hz: int) -> float:
    """The median fundamental frequency of speech (mono int16 PCM), by autocorrelation over its loud parts."""
    samples = np.frombuffer(pcm, np.int16).astype(np.float64)
    width = rate_hz // 10
    parts = [samples[at : at + width] for at in range(0, len(samples) - width, width // 2)]
    levels = [np.sqrt((part**2).mean()) for part in parts]
    low, high = rate_hz // HIGHEST_HZ, rate_hz // LOWEST_HZ
    found = []
    for part, level in zip(parts, levels, strict=True):
        if level > VOICED * max(levels):
            power = np.abs(np.fft.rfft(part, 2 * width)) ** 2
            found.append(rate_hz / (low + int(np.argmax(np.fft.irfft(power)[low:high]))))
    return float(np.median(found))

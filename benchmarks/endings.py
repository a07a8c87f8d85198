"""Smart Turn as Greenroom runs it: time, and how often it decides otherwise: python -m benchmarks.endings

Sentences of benchmarks/spoken.py, whole and broken off, are judged by the graph as it was published
(nothing fused: the reference), as ONNX Runtime fuses it (what stock Pipecat runs) and as Greenroom runs it.
`off` is the mean distance of the probability from the reference, `otherwise` the share of decisions that
differ from it, `right` the share that takes whole sentences for whole and broken ones for broken.
"""

import time

import numpy as np
from pipecat.audio.turn.smart_turn._whisper_features import compute_whisper_log_mel_features

from benchmarks.spoken import RATE_HZ, spoken
from voicebot.pipecat_internals.smart_turn import SMART_TURN_FILE
from voicebot.turns import onnx_sessions, smart_turn

WINDOW = 8 * RATE_HZ


def clips() -> list[tuple[np.ndarray, bool]]:
    """Speech and 0.2 s of silence, in 8 s, and whether the sentence is whole."""
    rng = np.random.default_rng(7)
    found = []
    for samples in (clip[: -RATE_HZ // 2] for clip in spoken()):  # without its pause
        for whole in (True, False):
            length = len(samples) if whole else int(len(samples) * rng.uniform(0.3, 0.7))
            heard = np.concatenate([samples[:length], np.zeros(RATE_HZ // 5)])[-WINDOW:] / 32768
            found.append((np.pad(heard, (WINDOW - len(heard), 0)).astype(np.float32), whole))
    return found


def main() -> None:
    model = onnx_sessions.shipped(*SMART_TURN_FILE)
    sessions = {
        "published": onnx_sessions.load(model, "ORT_DISABLE_ALL"),
        "stock": onnx_sessions.load(model),
        "greenroom": smart_turn.smart_turn_session(),
    }
    heard = clips()
    took: dict[str, list[float]] = {name: [] for name in sessions}
    said: dict[str, list[float]] = {name: [] for name in sessions}
    for samples, _ in heard:
        features = compute_whisper_log_mel_features(samples)[np.newaxis]
        for name, session in sessions.items():
            began = time.perf_counter()
            said[name].append(float(session.run(None, {"input_features": features})[0].item()))
            took[name].append(time.perf_counter() - began)
    wholes = np.array([whole for _, whole in heard])
    reference = np.array(said["published"])
    print(f"{len(heard)} clips\n{'graph':>10} {'median ms':>10} {'off':>7} {'otherwise':>10} {'right':>7}")
    for name in sessions:
        of = np.array(said[name])
        print(
            f"{name:>10} {np.median(took[name]) * 1000:>10.1f} {np.mean(np.abs(of - reference)):>7.3f} "
            f"{np.mean((of > 0.5) != (reference > 0.5)):>10.3f} {np.mean((of > 0.5) == wholes):>7.3f}"
        )


if __name__ == "__main__":
    main()

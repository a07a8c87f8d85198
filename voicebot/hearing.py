"""Voice activity and end of turn: Pipecat's Silero and Smart Turn, loaded once and shared.

Pipecat builds an ONNX session and a thread of its own for every visitor, 55 MB each. The models have no
state between calls except what Silero is handed, so a session here owns that state and nothing else.
"""

import math
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import onnxruntime
from pipecat.audio.turn.smart_turn.base_smart_turn import BaseSmartTurn
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.audio.utils import exp_smoothing
from pipecat.audio.vad.silero import SileroOnnxModel, SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADAnalyzer, VADParams, VADState
from pipecat.frames.frames import TranscriptionFrame
from pipecat.turns.user_stop import TurnAnalyzerUserTurnStopStrategy

WINDOW, CONTEXT = 512, 64  # samples that Silero looks at, and those before them that it wants to see
RATE = np.array(16_000, dtype=np.int64)
LOUDNESS_WINDOWS = 13  # 0.4 s, a gating block of BS.1770
START_SECS = 0.16  # of speech are an interruption; Pipecat waits for 0.2
PAUSE_WINDOWS = 2  # 64 ms without speech: perhaps the end, which is certain after stop_secs (0.2 s)

NICE = 10  # of threads that compute: on a busy core the event loop comes first, and every voice with it


def _step_back() -> None:
    """Lowers the priority of the thread that calls it. Linux has one for each thread, others have not."""
    if hasattr(os, "setpriority"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


_turn_threads = ThreadPoolExecutor(1, "turn", initializer=_step_back)  # 60 ms a call


def _load(package: str, name: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = 1
    data = resources.files(package).joinpath(name).read_bytes()
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


@cache
def silero_session() -> onnxruntime.InferenceSession:
    return _load("pipecat.audio.vad.data", "silero_vad.onnx")


@cache
def smart_turn_session() -> onnxruntime.InferenceSession:
    return _load("pipecat.audio.turn.smart_turn.data", "smart-turn-v3.2-cpu.onnx")


class SileroState(SileroOnnxModel):
    """One visitor's recurrent state over the shared session, for windows of 512 samples at 16 kHz.

    Pipecat's wrapper checks shapes and rates and builds arrays anew on every call, which takes as long as
    the model itself.
    """

    def __init__(self, session: onnxruntime.InferenceSession):
        self.session = session
        self.sample_rates = [16000]
        self.reset_states()

    def reset_states(self, batch_size: int = 1) -> None:
        self._state = np.zeros((2, 1, 128), dtype=np.float32)
        self._input = np.zeros((1, CONTEXT + WINDOW), dtype=np.float32)

    def __call__(self, x: np.ndarray, sr: int) -> np.ndarray:
        """The confidence that a window (512 samples, -1 to 1) is speech, shape (1, 1)."""
        self._input[0, :CONTEXT] = self._input[0, -CONTEXT:]
        self._input[0, CONTEXT:] = x
        out, self._state = self.session.run(None, {"input": self._input, "state": self._state, "sr": RATE})
        return out


class SharedSilero(SileroVADAnalyzer):
    """SileroVADAnalyzer without a model and a thread of its own, and with a cheaper ear for loudness.

    `on_pause` is called when speech has paused, before it is certain that it has ended. If it has, nothing
    was said after the last of these calls.
    """

    def __init__(self, on_pause: Callable[[], None] | None = None) -> None:
        VADAnalyzer.__init__(self, params=VADParams(start_secs=START_SECS))
        self._on_pause = on_pause
        self._paused = False
        self._model = SileroState(silero_session())
        self._windows_since_reset = 0
        self._low_confidence_windows = 0
        self._energies: deque[float] = deque(maxlen=LOUDNESS_WINDOWS)

    async def analyze_audio(self, buffer: bytes) -> VADState:
        """Looks at it here: a window takes 0.15 ms, less than the way into a thread and back."""
        state = self._run_analyzer(buffer)
        paused = state == VADState.STOPPING and self._vad_stopping_count >= PAUSE_WINDOWS
        if paused and not self._paused and self._on_pause:
            self._on_pause()
        self._paused = paused
        return state

    def _get_smoothed_volume(self, audio: bytes) -> float:
        """Loudness of the last 0.4 s on Pipecat's scale, where 0 is -110 LUFS and 1 is -10.

        Pipecat weights and gates as BS.1770 says, which costs more than the model. For speech the plain
        mean square comes within 2 dB of that; min_volume asks for -50.
        """
        samples = np.frombuffer(audio, dtype=np.int16).astype(np.float32)
        self._energies.append(float(np.dot(samples, samples)) / (len(samples) * 32768.0**2))
        energy = sum(self._energies) / len(self._energies)
        level = 10 * math.log10(energy) - 0.7 if energy > 1e-12 else -120.0
        volume = min(1.0, max(0.0, (level + 110) / 100))
        # It rises at once and falls slowly. Pipecat smooths the rise, too: a fifth of a second after digital
        # silence, for which the character would talk on into what the visitor says.
        return max(volume, exp_smoothing(volume, self._prev_volume, self._smoothing_factor))


class SharedSmartTurn(LocalSmartTurnAnalyzerV3):
    """LocalSmartTurnAnalyzerV3 without a model and a thread of its own."""

    def __init__(self) -> None:
        BaseSmartTurn.__init__(self)
        self._session = smart_turn_session()
        self._log_data = False  # Pipecat can write visitors' speech to disk; never here

    @property
    def _model_executor(self) -> Any:
        return _turn_threads


class TurnStop(TurnAnalyzerUserTurnStopStrategy):
    """Ends a turn when Smart Turn says so and all of its words are there.

    A transcript that arrives when the visitor has already gone on speaking covers only what came before.
    Pipecat would take it as final and end the turn as soon as the rest is spoken, before the rest is
    transcribed: half a sentence would be answered, then the other half again.
    """

    def __init__(self) -> None:
        super().__init__(turn_analyzer=SharedSmartTurn())

    async def _handle_transcription(self, frame: TranscriptionFrame) -> None:
        if self._vad_user_speaking:
            frame.finalized = False
        await super()._handle_transcription(frame)


def warm() -> None:
    """Loads both models."""
    silero_session()
    smart_turn_session()

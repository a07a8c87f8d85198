"""Voice activity: Pipecat's Silero, loaded once and shared.

Pipecat builds an ONNX session and a thread of its own for every visitor, 55 MB each with Smart Turn's. The
model has no state between calls except what it is handed, so an analyzer here owns that and nothing else.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from functools import cache

import numpy as np
import onnxruntime
from pipecat.audio.vad.vad_analyzer import VADParams, VADState

from voicebot.pipecat_internals.vad import SILERO_FILE, SharedModelVAD
from voicebot.turns.onnx_sessions import load, shipped

WINDOW, CONTEXT = 512, 64  # samples that Silero takes at once, and those before them that it takes with them
SETTLED_WINDOWS = 16  # of quiet after which the model's state hardly changes any more
RATE = np.array(16_000, dtype=np.int64)
LOUDNESS_WINDOWS = 13  # 0.4 s, a gating block of BS.1770
START_SECS = 0.16  # of speech are an interruption; Pipecat waits for 0.2
PAUSE_WINDOWS = 2  # 64 ms without speech: perhaps the end, which is certain after stop_secs (0.2 s)
PAUSE_SECS = PAUSE_WINDOWS * WINDOW / 16_000


@cache
def silero_session() -> onnxruntime.InferenceSession:
    """Silero's session, the same for everybody."""
    return load(shipped(*SILERO_FILE))


class SileroState:
    """One visitor's recurrent state over the shared session, for windows of 512 samples at 16 kHz.

    Pipecat's wrapper loads a session of its own, and checks shapes and rates and builds arrays anew on every
    call, which takes an eighth of the time.
    """

    def __init__(self, session: onnxruntime.InferenceSession):
        self._session = session
        self.reset_states()

    def reset_states(self) -> None:
        self._state = np.zeros((2, 1, 128), dtype=np.float32)
        self._input = np.zeros((1, CONTEXT + WINDOW), dtype=np.float32)

    def see(self, window: np.ndarray) -> None:
        """Takes a window (512 samples, -1 to 1) as what came before the next one."""
        self._input[0, :CONTEXT] = self._input[0, -CONTEXT:]
        self._input[0, CONTEXT:] = window

    def judge(self, window: np.ndarray) -> float:
        """The confidence that a window is speech, 0 to 1."""
        self.see(window)
        inputs = {"input": self._input, "state": self._state, "sr": RATE}
        confidence, self._state = self._session.run(None, inputs)
        return float(confidence[0, 0])


class SharedSilero(SharedModelVAD):
    """SileroVADAnalyzer without a model and a thread of its own, and with a cheaper measure of loudness.

    `on_pause` is called when speech has paused, before it is certain that it has ended. If it has, nothing
    was said after the last of these calls. Windows below `quietest_rms` (of int16) are quiet, whatever the
    model would say.
    """

    def __init__(self, on_pause: Callable[[], None] | None = None, *, quietest_rms: float = 0.0) -> None:
        self._silero = SileroState(silero_session())
        super().__init__(self._silero, VADParams(start_secs=START_SECS))
        self._on_pause = on_pause
        self._quietest_power = (quietest_rms / 32768) ** 2  # mean square, of full scale 1
        self._paused = False
        self._quiet_windows = 0
        self._powers: deque[float] = deque(maxlen=LOUDNESS_WINDOWS)

    def voice_confidence(self, buffer: bytes) -> float:
        """The confidence that a window of int16 PCM is speech, 0 to 1.

        The model takes longer than all the rest, so it is not asked about windows in which next to nothing
        sounds, as soon as it has heard enough of them to have settled: from any other state it would notice
        the next word later.
        """
        window = np.frombuffer(buffer, np.int16) * np.float32(1 / 32768)
        power = float(window @ window) / len(window)
        self._powers.append(power)
        self._quiet_windows = self._quiet_windows + 1 if power < self._quietest_power else 0
        if self._quiet_windows > SETTLED_WINDOWS:
            self._silero.see(window)
            return 0.0
        confidence = self._silero.judge(window)
        if self.note_confidence(confidence):
            self._quiet_windows = 0  # it has forgotten what quiet is
        return confidence

    def on_state(self, state: VADState, stopping_windows: int) -> None:
        paused = state == VADState.STOPPING and stopping_windows >= PAUSE_WINDOWS
        if paused and not self._paused and self._on_pause:
            self._on_pause()
        self._paused = paused

    def volume_of(self, window: bytes) -> float:
        """Loudness of the last 0.4 s on Pipecat's scale, where 0 is -110 LUFS and 1 is -10.

        Pipecat weights and gates as BS.1770 says, which costs more than the model. For speech the plain
        mean square comes within 2 dB of that; min_volume asks for -50.
        """
        power = sum(self._powers) / len(self._powers)  # `window` is the last of them
        level = 10 * math.log10(power) - 0.7 if power > 1e-12 else -120.0
        volume = min(1.0, max(0.0, (level + 110) / 100))
        # It rises at once and falls slowly. Pipecat smooths the rise, too: a fifth of a second after digital
        # silence, for which the character would talk on into what the visitor says.
        return max(volume, self.smoothed(volume))

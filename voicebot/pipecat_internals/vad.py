"""Voice activity over a model that is handed in, without a thread of its own."""

from typing import Protocol

from pipecat.audio.utils import exp_smoothing
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADAnalyzer, VADParams, VADState

SILERO_FILE = ("pipecat.audio.vad.data", "silero_vad.onnx")  # package and name, as Pipecat ships it


class Resets(Protocol):
    def reset_states(self) -> None:
        """Forgets what was heard so far."""


class SharedModelVAD(SileroVADAnalyzer):
    """SileroVADAnalyzer over `model`; Pipecat's loads one of its own, and runs it in a thread of its own.

    Hooks, besides Pipecat's `voice_confidence`:

    - volume_of(window): how loud a window is
    - on_state(state, stopping_windows): what voice activity has come to
    """

    def __init__(self, model: Resets, params: VADParams):
        VADAnalyzer.__init__(self, params=params)
        self._model = model  # type: ignore[assignment]
        self._windows_since_reset = 0
        self._low_confidence_windows = 0

    def note_confidence(self, confidence: float) -> bool:
        """Counts a window that the model has judged; whether the model was reset, because that was due."""
        self._maybe_reset_model(confidence)
        return self._windows_since_reset == 0

    async def analyze_audio(self, buffer: bytes) -> VADState:
        """Analyses on the event loop: a window takes 0.15 ms, less than the way into a thread and back."""
        state = self._run_analyzer(buffer)
        self.on_state(state, self._vad_stopping_count)
        return state

    def on_state(self, state: VADState, stopping_windows: int) -> None:
        """Called with each state, and for how many windows there has been no speech while it is STOPPING."""

    def volume_of(self, window: bytes) -> float:
        """The volume of a window (int16 PCM), 0 to 1, smoothed as it is compared with `min_volume`."""
        return super()._get_smoothed_volume(window)

    def smoothed(self, volume: float) -> float:
        """`volume` drawn towards that of the window before."""
        return float(exp_smoothing(volume, self._prev_volume, self._smoothing_factor))

    def _get_smoothed_volume(self, audio: bytes) -> float:
        return self.volume_of(audio)

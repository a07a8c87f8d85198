"""Smart Turn over a session that is handed in, in threads that are its caller's."""

from __future__ import annotations

import numpy as np
import onnxruntime
from pipecat.audio.turn.base_turn_analyzer import EndOfTurnState
from pipecat.audio.turn.smart_turn.base_smart_turn import BaseSmartTurn
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.metrics.metrics import MetricsData

# Package and name, as Pipecat ships it.
SMART_TURN_FILE = ("pipecat.audio.turn.smart_turn.data", "smart-turn-v3.2-cpu.onnx")

Heard = list[tuple[float, np.ndarray]]  # when each frame came, in monotonic seconds, and its int16 samples


class SharedModelSmartTurn(LocalSmartTurnAnalyzerV3):
    """LocalSmartTurnAnalyzerV3 over `session`; Pipecat's builds one of its own, of 30 MB."""

    def __init__(self, session: onnxruntime.InferenceSession):
        BaseSmartTurn.__init__(self)
        self._session = session
        self._log_data = False  # Pipecat can write visitors' speech to disk; never here

    @property
    def heard(self) -> Heard:
        """What was heard since the last turn, and may be cut short here."""
        return self._audio_buffer

    def is_end(self, heard: Heard) -> tuple[EndOfTurnState, MetricsData | None]:
        """Whether what was heard is the end of a turn. Blocks for 20 to 90 ms; called in any thread."""
        return self._process_speech_segment(heard)

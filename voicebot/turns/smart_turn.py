"""Whether a pause is the end of a turn: Pipecat's Smart Turn, loaded once and shared."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import cache

import onnxruntime
from pipecat.audio.turn.base_turn_analyzer import EndOfTurnState
from pipecat.metrics.metrics import MetricsData

from voicebot.pipecat_internals.smart_turn import SMART_TURN_FILE, Heard, SharedModelSmartTurn
from voicebot.turns import kept_graph
from voicebot.turns.inference_budget import InferenceBudget
from voicebot.turns.onnx_sessions import shipped

KEPT_FRAMES = 300  # for Smart Turn, of 32 ms or more: over nine seconds


@cache
def smart_turn_session() -> onnxruntime.InferenceSession:
    """Smart Turn's session, the same for everybody."""
    return kept_graph.session(shipped(*SMART_TURN_FILE))


class SharedSmartTurn(SharedModelSmartTurn):
    """Smart Turn without a model and a thread of its own.

    `before_end` is waited for before a turn is said to be over.
    """

    def __init__(self, before_end: Callable[[], Awaitable[None]], budget: InferenceBudget) -> None:
        super().__init__(smart_turn_session())
        self._before_end, self._budget = before_end, budget
        self._until_pause: Heard = []
        self._took_secs = 0.0  # of a core, for the last look

    def append_audio(self, buffer: bytes, is_speech: bool) -> EndOfTurnState:
        """As Pipecat's, which lets it grow while somebody speaks. The last eight seconds are looked at."""
        if len(self.heard) >= 2 * KEPT_FRAMES:
            del self.heard[:-KEPT_FRAMES]
        return super().append_audio(buffer, is_speech)

    def pause(self) -> None:
        """Speech has paused: what was heard until here is what `analyze_end_of_turn` looks at.

        The model knows pauses of 0.2 s. What is heard while a look waits would make them longer, and whole
        sentences would be taken for halves.
        """
        self._until_pause = list(self.heard)

    def _judge_timed(self, heard: Heard) -> tuple[EndOfTurnState, MetricsData | None]:
        began = time.thread_time()
        found = self.is_end(heard)
        self._took_secs = time.thread_time() - began
        return found

    async def analyze_end_of_turn(self) -> tuple[EndOfTurnState, MetricsData | None]:
        loop = asyncio.get_running_loop()
        heard, self._until_pause = self._until_pause, []
        state, result = await loop.run_in_executor(self._budget.thread, self._judge_timed, heard)
        self._budget.note_inference(self._took_secs)
        if state == EndOfTurnState.COMPLETE:
            await self._before_end()
            self.clear()
        return state, result

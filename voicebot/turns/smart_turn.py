"""Whether a pause is the end of a turn: Pipecat's Smart Turn, loaded once and shared."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import cache

import numpy as np
import onnxruntime
from pipecat.audio.turn.base_turn_analyzer import EndOfTurnState
from pipecat.metrics.metrics import MetricsData, TurnMetricsData

from voicebot.pipecat_internals.smart_turn import SMART_TURN_FILE, Heard, SharedModelSmartTurn
from voicebot.turns import kept_graph
from voicebot.turns.inference_budget import InferenceBudget
from voicebot.turns.onnx_sessions import shipped

KEPT_FRAMES = 300  # for Smart Turn, of 32 ms or more: over nine seconds
KNOWN_PAUSE_SECS = 0.2  # that the model was trained on; voice activity is certain of one after as long
ROOM_SECS = 0.064  # at the end of a pause that has just begun, in which nothing but the room is heard


@cache
def smart_turn_session() -> onnxruntime.InferenceSession:
    """Smart Turn's session, the same for everybody."""
    return kept_graph.session(shipped(*SMART_TURN_FILE))


def lengthened(heard: Heard, secs: float, rate_hz: int) -> Heard:
    """What was heard, with the room at its end going on for so many seconds, forwards and backwards in turn.

    Digital silence would not do: in a noisy room the model takes it for another place, and decides otherwise
    in 6.5 % of pauses instead of 2.2 % (benchmarks/spoken.py, 15 dB above the noise, 46 pauses).
    """
    if not heard:
        return heard
    room = np.concatenate([samples for _, samples in heard])[-int(ROOM_SECS * rate_hz) :]
    more = np.resize(np.concatenate([room[::-1], room]), int(secs * rate_hz))
    return [*heard, (heard[-1][0], more.astype(np.int16))]


Judged = tuple[EndOfTurnState, MetricsData | None]


class SharedSmartTurn(SharedModelSmartTurn):
    """Smart Turn without a model and a thread of its own.

    `before_end` is waited for before a turn is said to be over.
    """

    def __init__(self, before_end: Callable[[], Awaitable[None]], budget: InferenceBudget) -> None:
        super().__init__(smart_turn_session())
        self._before_end, self._budget = before_end, budget
        self._until_pause: Heard = []
        self.probability: float | None = None  # that the last pause was the end, where it was judged
        self._ahead: Future[Judged] | None = None  # of the last pause, before that was certain to be one

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

    def judge_ahead(self, lasted_secs: float) -> None:
        """Begins to judge a pause that has lasted so long as if it had lasted as long as those it knows.

        Where it turns out to be the last one, `analyze_end_of_turn` has its answer sooner.
        """
        self.forget_ahead()
        heard = lengthened(list(self.heard), KNOWN_PAUSE_SECS - lasted_secs, self.sample_rate)
        self._ahead = self._budget.thread.submit(self._judge_timed, heard)

    async def ends_ahead(self) -> bool:
        """Whether what is judged ahead is taken for the end of a turn, while nobody has gone on meanwhile."""
        if (ahead := self._ahead) is None:
            return False
        await asyncio.wait([asyncio.wrap_future(ahead)])
        if ahead is not self._ahead or ahead.cancelled() or ahead.exception():
            return False
        return ahead.result()[0] is EndOfTurnState.COMPLETE

    def forget_ahead(self) -> None:
        """Whoever has paused goes on."""
        ahead, self._ahead = self._ahead, None
        if ahead:
            ahead.cancel()

    def _judge_timed(self, heard: Heard) -> Judged:
        began = time.thread_time()
        judged = self.is_end(heard)
        self._budget.note_inference(time.thread_time() - began)  # also where nobody waits for it any more
        return judged

    async def analyze_end_of_turn(self) -> tuple[EndOfTurnState, MetricsData | None]:
        heard, self._until_pause = self._until_pause, []
        ahead, self._ahead = self._ahead, None
        judging = ahead or self._budget.thread.submit(self._judge_timed, heard)
        self.probability = None
        state, result = await asyncio.wrap_future(judging)
        if state == EndOfTurnState.COMPLETE:
            await self._before_end()
        # What was heard is kept until the turn is over: its words may say that it goes on.
        self.probability = result.probability if isinstance(result, TurnMetricsData) else None
        return state, result

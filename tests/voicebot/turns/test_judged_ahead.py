"""A pause is judged before voice activity is certain of it, and the answer holds only for that pause."""

import asyncio
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pipecat.frames.frames import (
    InputAudioRawFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.utils.asyncio.task_manager import TaskManager

from tests.patience import PATIENCE_SECS
from tests.visitors import RATE_HZ, speech
from voicebot.ops.load import Load
from voicebot.providers import SpeechPausedFrame
from voicebot.turns import stop_strategy, vad
from voicebot.turns.inference_budget import DELAY_SECS, InferenceBudget
from voicebot.turns.smart_turn import KNOWN_PAUSE_SECS, lengthened

ROOM = np.arange(1024, dtype=np.int16)


class Turn:
    """A turn whose pauses are judged as `says`; the model itself is asked, and its answer replaced."""

    def __init__(self, says: list[int], delay_secs: float = 0.0):
        self.says, self.asked = says, []  # seconds of sound that each question was about
        self.ended, self.judged = asyncio.Event(), asyncio.Event()
        self._loop = asyncio.get_running_loop()

        class Busy(InferenceBudget):
            endpointing_delay_secs = delay_secs

        self._strategy = stop_strategy.TurnStop(budget=Busy(Load()), clock=lambda: 0.0)

    async def __aenter__(self) -> "Turn":
        setup = SimpleNamespace(task_manager=TaskManager(), audio_in_sample_rate=RATE_HZ)
        await self._strategy.setup(setup)
        analyzer = self._strategy._smart_turn
        self._predict, analyzer._predict_endpoint = analyzer._predict_endpoint, self._judge
        self._strategy.add_event_handler("on_user_turn_stopped", self._end)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._strategy.cleanup()

    def _judge(self, audio: np.ndarray) -> dict[str, Any]:
        says = self.says[len(self.asked)]
        found = {**self._predict(audio), "prediction": says, "probability": float(says)}
        self.asked.append(len(audio) / RATE_HZ)
        self._loop.call_soon_threadsafe(self.judged.set)
        return found

    async def _end(self, *_: object) -> None:
        self.ended.set()

    async def speaks(self) -> None:
        await self._strategy.process_frame(VADUserStartedSpeakingFrame(start_secs=vad.START_SECS))
        await self._strategy.process_frame(InputAudioRawFrame(speech().tobytes(), RATE_HZ, 1))

    async def pauses(self) -> None:
        await self._strategy.process_frame(SpeechPausedFrame())

    async def has_paused(self) -> None:
        await self._strategy.process_frame(VADUserStoppedSpeakingFrame(stop_secs=0.2))
        await self._strategy.process_frame(TranscriptionFrame("Hello.", "", "", finalized=True))

    async def nothing_more(self) -> None:
        await asyncio.sleep(5 * stop_strategy.LOOK_SECS)


async def test_a_pause_is_judged_once_and_before_it_is_certain():
    async with Turn([1]) as turn, asyncio.timeout(PATIENCE_SECS):
        await turn.speaks()
        await turn.pauses()
        await turn.judged.wait()
        assert not turn.ended.is_set(), "nobody's turn ends in a pause that may be none"
        await turn.has_paused()
        await turn.ended.wait()
    longer = KNOWN_PAUSE_SECS - vad.PAUSE_SECS
    assert turn.asked == [pytest.approx(len(speech()) / RATE_HZ + longer, abs=0.001)], "as if it had lasted"


async def test_what_was_judged_of_an_earlier_pause_does_not_hold_for_the_last_one():
    async with Turn([1, 0]) as turn, asyncio.timeout(PATIENCE_SECS):
        await turn.speaks()
        await turn.pauses()
        await turn.judged.wait()
        turn.judged.clear()
        await turn.speaks()
        await turn.has_paused()
        await turn.judged.wait()  # on a busy machine that takes its time
        await turn.nothing_more()
        assert len(turn.asked) == 2
        assert not turn.ended.is_set()


async def test_where_there_is_much_to_do_a_pause_is_judged_when_it_is_certain():
    async with Turn([1], DELAY_SECS) as turn:
        await turn.speaks()
        await turn.pauses()
        await turn.nothing_more()
        assert not turn.asked


def test_a_pause_is_lengthened_by_what_is_heard_in_it():
    loud = np.full(512, 20_000, np.int16)
    heard = lengthened([(1.0, loud), (2.0, ROOM)], 0.1, RATE_HZ)
    more = heard[-1][1]
    assert len(more) == RATE_HZ // 10
    assert set(more) <= set(ROOM)
    assert more[0] == ROOM[-1], "without a jump"
    assert lengthened([], 0.1, RATE_HZ) == []

"""What a pause was is told by the visitor's next word: the rest of a sentence, or a turn of its own."""

from types import SimpleNamespace

import pytest
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.utils.asyncio.task_manager import TaskManager

from tests.visitors import RATE_HZ
from voicebot.ops.load import Load
from voicebot.turns import InferenceBudget, TurnStop
from voicebot.turns.ends import Rhythm

STARTED = VADUserStartedSpeakingFrame(start_secs=0.2)
STOPPED = VADUserStoppedSpeakingFrame(stop_secs=0.2)
VOICE = BotStartedSpeakingFrame()


@pytest.mark.parametrize(
    ("events", "halting"),
    [
        pytest.param([(1.0, STOPPED), (1.8, STARTED)], True, id="goes on"),
        pytest.param([(1.0, STOPPED), (1.4, VOICE), (1.9, STARTED)], True, id="over a reply too early"),
        pytest.param([(1.0, STOPPED), (1.1, VOICE), (2.2, STARTED)], False, id="to a reply that was heard"),
        pytest.param([(1.0, STOPPED), (4.0, STARTED)], False, id="a turn of its own"),
        pytest.param([(1.8, STARTED)], False, id="the first word"),
    ],
)
async def test_what_a_pause_was_is_learnt_at_the_next_word(events, halting):
    now, rhythm = [0.5], Rhythm()
    rhythm.went_on(0.8)  # and once is no habit
    strategy = TurnStop(budget=InferenceBudget(Load()), clock=lambda: now[0], rhythm=rhythm)
    await strategy.setup(SimpleNamespace(task_manager=TaskManager(), audio_in_sample_rate=RATE_HZ))
    for now[0], frame in events:
        await strategy.process_frame(frame)
    await strategy.cleanup()
    assert rhythm.halting is halting

"""When Pipecat judges a window, a pause and a turn: an upgrade that does it in another order fails here."""

import asyncio
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pipecat.audio.turn.base_turn_analyzer import EndOfTurnState
from pipecat.audio.vad.vad_analyzer import VADParams, VADState
from pipecat.frames.frames import (
    InputAudioRawFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.utils.asyncio.task_manager import TaskManager

from voicebot.pipecat_internals.smart_turn import SMART_TURN_FILE, SharedModelSmartTurn
from voicebot.pipecat_internals.stop_strategy import StopStrategyHooks
from voicebot.pipecat_internals.vad import SILERO_FILE, SharedModelVAD
from voicebot.turns import onnx_sessions

RATE_HZ, WINDOW = 16_000, 512
HALF_SECOND = bytes(RATE_HZ)


class Vad(SharedModelVAD):
    """Hears speech where `speech` says so."""

    def __init__(self) -> None:
        self.resets, self.speech = 0, False
        self.calls: list[str] = []
        self.states: list[tuple[VADState, int]] = []
        super().__init__(self, VADParams(start_secs=0.064, stop_secs=0.16))
        self.set_sample_rate(RATE_HZ)

    def reset_states(self) -> None:
        self.resets += 1

    def voice_confidence(self, buffer: bytes) -> float:
        self.calls.append("confidence")
        return float(self.speech)

    def volume_of(self, window: bytes) -> float:
        self.calls.append("volume")
        return self.smoothed(1.0) + float(self.speech)

    def on_state(self, state: VADState, stopping_windows: int) -> None:
        self.states.append((state, stopping_windows))

    async def hear(self, windows: int) -> None:
        for _ in range(windows):
            await self.analyze_audio(bytes(2 * WINDOW))


async def test_each_window_is_judged_and_measured_and_then_told():
    vad = Vad()
    vad.speech = True
    await vad.hear(2)
    vad.speech = False
    await vad.hear(5)
    assert vad.calls == ["confidence", "volume"] * 7
    stopping = [(VADState.STOPPING, count) for count in (1, 2, 3, 4)]
    assert vad.states == [(VADState.STARTING, 0), (VADState.SPEAKING, 0), *stopping, (VADState.QUIET, 0)]


async def test_loudness_is_drawn_towards_the_window_before():
    vad = Vad()
    await vad.hear(1)
    assert vad.smoothed(1.0) == pytest.approx(0.2 + 0.8 * 0.2)


async def test_a_model_is_reset_after_two_seconds_of_quiet():
    vad = Vad()
    resets = [vad.note_confidence(0.0) for _ in range(70)]
    assert resets.index(True) + 1 == 63  # of 32 ms
    assert (sum(resets), vad.resets) == (1, 1)


def test_the_models_that_pipecat_ships_take_what_they_took():
    def inputs(file: tuple[str, str]) -> dict[str, list[Any]]:
        level = "ORT_DISABLE_ALL"
        session = onnx_sessions.load(onnx_sessions.shipped(*file), level)
        return {each.name: each.shape for each in session.get_inputs()}

    silero = inputs(SILERO_FILE)
    assert set(silero) == {"input", "state", "sr"}
    assert silero["state"][::2] == [2, 128]
    assert inputs(SMART_TURN_FILE)["input_features"][1:] == [80, 800]


class Session:
    """Says of everything that it is the end of a turn."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def run(self, _outputs: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.shapes.append(inputs["input_features"].shape)
        return [np.array([[0.9]])]


async def test_smart_turn_asks_the_session_that_it_is_given_and_writes_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("PIPECAT_SMART_TURN_LOG_DATA", "1")
    monkeypatch.chdir(tmp_path)
    session = Session()
    analyzer = SharedModelSmartTurn(session)  # type: ignore[arg-type]
    analyzer.set_sample_rate(RATE_HZ)
    analyzer.append_audio(HALF_SECOND, is_speech=True)
    assert [len(samples) for _, samples in analyzer.heard] == [RATE_HZ // 2]
    assert analyzer.is_end(list(analyzer.heard))[0] is EndOfTurnState.COMPLETE
    assert session.shapes == [(1, 80, 800)]
    analyzer.clear()
    assert analyzer.heard == []
    assert list(tmp_path.iterdir()) == []


class Strategy(StopStrategyHooks):
    def __init__(self) -> None:
        self.calls: list[str] = []
        super().__init__(turn_analyzer=SharedModelSmartTurn(Session()))  # type: ignore[arg-type]

    async def on_pause(self, frame: VADUserStoppedSpeakingFrame) -> None:
        self.calls.append("pause")
        await super().on_pause(frame)

    async def on_transcript(self, frame: TranscriptionFrame) -> None:
        self.calls.append("transcript")
        await super().on_transcript(frame)

    async def end_if_due(self) -> None:
        self.calls.append("end")
        await super().end_if_due()

    async def take_back(self) -> None:
        self.calls.append("take back")
        await super().take_back()


@pytest.fixture
async def strategy():
    strategy, ended = Strategy(), asyncio.Event()
    await strategy.setup(SimpleNamespace(task_manager=TaskManager(), audio_in_sample_rate=RATE_HZ))
    strategy.ended = ended

    async def end(*_: object) -> None:
        ended.set()

    strategy.add_event_handler("on_user_turn_stopped", end)
    yield strategy
    await strategy.cleanup()


async def test_a_turn_ends_when_a_pause_is_its_end_and_its_words_are_there(strategy):
    await strategy.process_frame(VADUserStartedSpeakingFrame(start_secs=0.2))
    assert (strategy.calls, strategy.user_speaking, strategy.user_has_paused) == (["take back"], True, False)
    await strategy.process_frame(InputAudioRawFrame(HALF_SECOND, RATE_HZ, 1))
    await strategy.process_frame(VADUserStoppedSpeakingFrame(stop_secs=0.2))
    assert (strategy.user_speaking, strategy.user_has_paused) == (False, True)
    await strategy.process_frame(TranscriptionFrame("Hello.", "", "", finalized=True))
    assert strategy.calls == ["take back", "pause", "end", "transcript", "end"]
    await asyncio.wait_for(strategy.ended.wait(), 1)


async def test_words_may_be_noted_before_a_pause_is_judged(strategy):
    await strategy.process_frame(VADUserStartedSpeakingFrame(start_secs=0.2))
    await strategy.process_frame(InputAudioRawFrame(HALF_SECOND, RATE_HZ, 1))
    strategy.note_pause()
    assert (strategy.user_speaking, strategy.user_has_paused) == (False, True)
    strategy.note_words("Hello.")
    strategy.note_all_words(certain=True)
    await strategy.end_if_due()
    assert not strategy.ended.is_set(), "nobody has judged the pause"
    await strategy.process_frame(VADUserStoppedSpeakingFrame(stop_secs=0.2))
    await asyncio.wait_for(strategy.ended.wait(), 1)

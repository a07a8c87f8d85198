"""Voice activity and end of turn: Pipecat's Silero and Smart Turn, loaded once and shared.

Pipecat builds an ONNX session and a thread of its own for every visitor, 55 MB each. The models have no
state between calls except what Silero is handed, so a session here owns that state and nothing else.
"""

import asyncio
import math
import os
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import onnxruntime
from pipecat.audio.turn.base_turn_analyzer import EndOfTurnState
from pipecat.audio.turn.smart_turn.base_smart_turn import BaseSmartTurn
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.audio.utils import exp_smoothing
from pipecat.audio.vad.silero import SileroOnnxModel, SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADAnalyzer, VADParams, VADState
from pipecat.frames.frames import TranscriptionFrame, VADUserStoppedSpeakingFrame
from pipecat.metrics.metrics import MetricsData
from pipecat.turns.user_stop import TurnAnalyzerUserTurnStopStrategy

from voicebot import turn_model
from voicebot.gate import QUIETEST
from voicebot.looks import looks

SILERO = ("pipecat.audio.vad.data", "silero_vad.onnx")
SMART_TURN = ("pipecat.audio.turn.smart_turn.data", "smart-turn-v3.2-cpu.onnx")

WINDOW, CONTEXT = 512, 64  # samples that Silero looks at, and those before them that it wants to see
QUIETEST_POWER = (QUIETEST / 32768) ** 2  # mean square, of full scale 1
SETTLED_WINDOWS = 16  # of quiet after which the model's state hardly changes any more
RATE = np.array(16_000, dtype=np.int64)
LOUDNESS_WINDOWS = 13  # 0.4 s, a gating block of BS.1770
START_SECS = 0.16  # of speech are an interruption; Pipecat waits for 0.2
PAUSE_WINDOWS = 2  # 64 ms without speech: perhaps the end, which is certain after stop_secs (0.2 s)

HOLD_SECS = 0.5  # into a pause, a sound that began in it has shown whether it is speech
LOOK_SECS = 0.032  # a packet

NICE = 10  # of threads that compute: on a busy core the event loop comes first, and every voice with it


def _step_back() -> None:
    """Lowers the priority of the thread that calls it. Linux has one for each thread, others have not."""
    if hasattr(os, "setpriority"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


_turn_threads = ThreadPoolExecutor(1, "turn", initializer=_step_back)  # 20 to 90 ms a call


def shipped(package: str, name: str) -> bytes:
    """A model as Pipecat ships it."""
    return resources.files(package).joinpath(name).read_bytes()


@cache
def silero_session() -> onnxruntime.InferenceSession:
    return turn_model.load(shipped(*SILERO))


@cache
def smart_turn_session() -> onnxruntime.InferenceSession:
    return turn_model.session(shipped(*SMART_TURN))


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

    def see(self, window: np.ndarray) -> None:
        """Takes a window (512 samples, -1 to 1) as what came before the next one."""
        self._input[0, :CONTEXT] = self._input[0, -CONTEXT:]
        self._input[0, CONTEXT:] = window

    def __call__(self, x: np.ndarray, sr: int) -> np.ndarray:
        """The confidence that a window is speech, shape (1, 1)."""
        self.see(x)
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
        self._model = self._silero = SileroState(silero_session())
        self._quiet_windows = 0
        self._windows_since_reset = 0
        self._low_confidence_windows = 0
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
        self._quiet_windows = self._quiet_windows + 1 if power < QUIETEST_POWER else 0
        if self._quiet_windows > SETTLED_WINDOWS:
            self._silero.see(window)
            return 0.0
        confidence = float(self._silero(window, 16_000)[0, 0])
        self._maybe_reset_model(confidence)
        if not self._windows_since_reset:
            self._quiet_windows = 0  # it has forgotten what quiet is
        return confidence

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
        power = sum(self._powers) / len(self._powers)  # `audio` is the last of them
        level = 10 * math.log10(power) - 0.7 if power > 1e-12 else -120.0
        volume = min(1.0, max(0.0, (level + 110) / 100))
        # It rises at once and falls slowly. Pipecat smooths the rise, too: a fifth of a second after digital
        # silence, for which the character would talk on into what the visitor says.
        return max(volume, exp_smoothing(volume, self._prev_volume, self._smoothing_factor))


class SharedSmartTurn(LocalSmartTurnAnalyzerV3):
    """LocalSmartTurnAnalyzerV3 without a model and a thread of its own.

    `before_end` is waited for before a turn is said to be over.
    """

    def __init__(self, before_end: Callable[[], Awaitable[None]]) -> None:
        BaseSmartTurn.__init__(self)
        self._session = smart_turn_session()
        self._log_data = False  # Pipecat can write visitors' speech to disk; never here
        self._before_end = before_end
        self._heard: list[tuple[float, np.ndarray]] = []
        self._took_secs = 0.0  # of a core, for the last look

    def pause(self) -> None:
        """Speech has paused: what was heard until here is what `analyze_end_of_turn` looks at.

        The model knows pauses of 0.2 s. What is heard while a look waits would make them longer, and whole
        sentences would be taken for halves.
        """
        self._heard = list(self._audio_buffer)

    def _process_speech_segment(self, heard: list[Any]) -> tuple[EndOfTurnState, MetricsData | None]:
        began = time.thread_time()
        found = super()._process_speech_segment(heard)
        self._took_secs = time.thread_time() - began
        return found

    async def analyze_end_of_turn(self) -> tuple[EndOfTurnState, MetricsData | None]:
        loop = asyncio.get_running_loop()
        heard, self._heard = self._heard, []
        state, result = await loop.run_in_executor(_turn_threads, self._process_speech_segment, heard)
        looks.looked(self._took_secs)
        if state == EndOfTurnState.COMPLETE:
            await self._before_end()
            self._clear(state)
        return state, result


class TurnStop(TurnAnalyzerUserTurnStopStrategy):
    """Ends a turn when Smart Turn says so and all of its words are there.

    A pause is looked at beside the pipeline, which hears on meanwhile: whoever goes on speaking has not
    finished, and the look is given up, before it has begun where many wait for theirs. `sound_secs` tells how
    long the sound that is going on has lasted, 0 in quiet: one that began in the pause may be the next word,
    and is waited for. Pipecat looks at once, and half a sentence is answered where the pause was a breath.
    `patience_secs` tells how long each pause is let go on first. The clock, in seconds, is injected by tests.

    A transcript that arrives when the visitor has already gone on speaking covers only what came before.
    Pipecat would take it as final and end the turn as soon as the rest is spoken, before the rest is
    transcribed: half a sentence would be answered, then the other half again.
    """

    def __init__(
        self,
        sound_secs: Callable[[], float] = lambda: 0.0,
        patience_secs: Callable[[], float] = lambda: looks.patience_secs,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._smart_turn = SharedSmartTurn(self._hold)
        super().__init__(turn_analyzer=self._smart_turn)
        self._sound_secs = sound_secs
        self._patience_secs = patience_secs
        self._clock = clock
        self._paused_at = 0.0
        self._looking: asyncio.Task | None = None

    async def _handle_vad_user_stopped_speaking(self, frame: VADUserStoppedSpeakingFrame) -> None:
        self._vad_user_speaking = False
        self._vad_stopped = True
        await self._stop_looking()
        self._paused_at = self._clock() - frame.stop_secs
        self._smart_turn.pause()
        self._looking = self.task_manager.create_task(self._look(frame), f"{self}::look")

    async def _look(self, frame: VADUserStoppedSpeakingFrame) -> None:
        looks.paused()
        await self._hold(frame.stop_secs + self._patience_secs())
        await super()._handle_vad_user_stopped_speaking(frame)

    async def _hold(self, at_least: float = 0.0) -> None:
        """Waits until the pause has lasted so long, and where a sound began in it, until it is clear what
        that is. Whoever turns out to speak ends the wait from outside."""
        # Sound is known packet by packet, and there is nobody to tell when one ends.
        while (lasted := self._clock() - self._paused_at) < at_least or (  # noqa: ASYNC110
            lasted < HOLD_SECS and 0 < self._sound_secs() <= lasted
        ):
            await asyncio.sleep(LOOK_SECS)

    async def _discard_pending_end_of_turn(self) -> None:
        await super()._discard_pending_end_of_turn()
        await self._stop_looking()

    async def _stop_looking(self) -> None:
        looking, self._looking = self._looking, None
        if looking and looking is not asyncio.current_task():  # which it is when it ends the turn
            await self.task_manager.cancel_task(looking)

    async def cleanup(self) -> None:
        await self._stop_looking()
        await super().cleanup()

    async def _handle_transcription(self, frame: TranscriptionFrame) -> None:
        if self._vad_user_speaking:
            frame.finalized = False
        await super()._handle_transcription(frame)


def warm() -> None:
    """Loads both models."""
    silero_session()
    smart_turn_session()

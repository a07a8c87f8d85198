"""Turns cut off in mid-sentence, and the delay at their ends: python -m benchmarks.pauses [SENTENCES]

Clips of `benchmarks/pause_clips.py` go through Greenroom's voice activity, Smart Turn and stop strategy, with
the words that its recogniser hears, packet by packet on a clock that moves with the sound: nothing is late,
words are there two packets after a pause is certain. `plain` is without the words' part in it. Weights were
searched for on sentences of even numbers (`--fit` prints what is known of each pause); `odd` are the others.
"""

import asyncio
import hashlib
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from django.conf import settings
from pipecat.audio.vad.vad_analyzer import VAD_STOP_SECS, VADState
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    MetricsFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.transcriptions.language import Language
from pipecat.utils.asyncio.task_manager import TaskManager

from benchmarks.pause_clips import RATE_HZ, Clip, clips
from voicebot.ops.load import Load
from voicebot.providers import SegmentTranscribedFrame, SpeechPausedFrame
from voicebot.providers.local import ears
from voicebot.transport.silence_gate import QUIETEST, SilenceGate
from voicebot.turns import InferenceBudget, SharedSilero, TurnStop
from voicebot.turns.ends import Rhythm
from voicebot.turns.vad import START_SECS, WINDOW

STEP_SECS = WINDOW / RATE_HZ
WORDS_LATE = 2  # packets after a pause is certain
PRE_ROLL = RATE_HZ // 2
KEPT = Path(settings.DATA_DIR) / "pauses"


class Clock:
    """Seconds of sound since the clip began."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


class SoundLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is that of the sound."""

    def time(self) -> float:
        return CLOCK.now


def heard_words(samples: np.ndarray, language: str) -> str:
    """What the recogniser for a character of that language hears, kept on disk."""
    pcm = np.concatenate([samples, np.zeros(RATE_HZ // 2, np.int16)]).tobytes()
    path = KEPT / f"{hashlib.sha256(pcm + language.encode()).hexdigest()[:16]}.txt"
    if not path.exists():
        recogniser = ears.for_languages((language,))
        path.write_text(recogniser.listen(pcm, ears.Expected((language,))).text)
    return path.read_text()


@dataclass
class Run:
    """What became of a clip: when turns ended, and what was known at each pause."""

    clip: Clip
    ends: list[float] = field(default_factory=list)
    pauses: list[dict] = field(default_factory=list)

    @property
    def spoken_until(self) -> float:
        return self.clip.parts[-1][1] / RATE_HZ

    @property
    def cut(self) -> bool:
        return any(end < self.spoken_until for end in self.ends)

    @property
    def delay_secs(self) -> float | None:
        """From the last word to the end of the turn; None where it never ended."""
        after = [end for end in self.ends if end >= self.spoken_until]
        return after[0] - self.spoken_until if after else None


def judged_once(judge: Callable[[np.ndarray], dict], samples: np.ndarray) -> dict:
    """What Smart Turn says of these samples, kept on disk."""
    path = KEPT / f"{hashlib.sha256(samples.tobytes()).hexdigest()[:16]}.json"
    if not path.exists():
        found = judge(samples)
        path.write_text(json.dumps({key: float(value) for key, value in found.items()}))
    return json.loads(path.read_text())


class Player:
    """Plays one clip to a stop strategy, as a connection does."""

    def __init__(self, clip: Clip, words: bool, rhythm: Rhythm | None = None):
        self.run, self._pcm = Run(clip), clip.pcm
        self._budget = InferenceBudget(Load())
        self._gate = SilenceGate()
        self._gate.in_turn = True  # everything passes; what it tells is for how long something sounds
        self._strategy = TurnStop(
            lambda: self._gate.loud_secs,
            budget=self._budget,
            clock=CLOCK,
            segmented=True,
            by_words=words,
            rhythm=rhythm,
        )
        smart_turn = self._strategy._smart_turn
        smart_turn._predict_endpoint = partial(judged_once, smart_turn._predict_endpoint)
        self._vad = SharedSilero(self._paused, quietest_rms=QUIETEST)
        self._vad.set_sample_rate(RATE_HZ)
        self._paused_now = self._in_turn = False
        self._due: list[tuple[int, str]] = []

    def _paused(self) -> None:
        self._paused_now = True

    async def _ended(self, *_: object) -> None:
        if self._in_turn:
            self._in_turn = False
            self.run.ends.append(CLOCK.now)
            await self._strategy.handle_user_turn_stopped()

    async def _pushed(self, _strategy: object, frame: Frame, *_: object) -> None:
        if isinstance(frame, MetricsFrame):
            self.run.pauses.append({"p": frame.data[0].probability, "at": CLOCK.now})

    async def _tell(self, frame: Frame) -> None:
        await self._strategy.process_frame(frame)
        await asyncio.wrap_future(self._budget.thread.submit(lambda: None))
        for _ in range(12):
            await asyncio.sleep(0)

    async def play(self) -> Run:
        CLOCK.now = 0.0
        setup = SimpleNamespace(task_manager=TaskManager(), audio_in_sample_rate=RATE_HZ)
        await self._strategy.setup(setup)
        self._strategy.add_event_handler("on_user_turn_stopped", self._ended)
        self._strategy.add_event_handler("on_push_frame", self._pushed)
        speaking, began = False, 0
        for number, at in enumerate(range(0, len(self._pcm) - WINDOW, WINDOW)):
            CLOCK.now = (at + WINDOW) / RATE_HZ
            window = self._pcm[at : at + WINDOW].tobytes()
            self._gate.take(window)
            state = await self._vad.analyze_audio(window)
            await self._strategy.process_frame(InputAudioRawFrame(window, RATE_HZ, 1))
            if self._paused_now:
                self._paused_now = False
                await self._tell(SpeechPausedFrame())
            if state == VADState.SPEAKING and not speaking:
                speaking, began = True, at
                if not self._in_turn:
                    self._in_turn = True
                    await self._strategy.handle_user_turn_started()
                await self._tell(VADUserStartedSpeakingFrame(start_secs=START_SECS))
            elif state == VADState.QUIET and speaking:
                speaking = False
                await self._tell(VADUserStoppedSpeakingFrame(stop_secs=VAD_STOP_SECS))
                segment = self._pcm[max(0, began - PRE_ROLL) : at]
                self._due.append((number + WORDS_LATE, heard_words(segment, self.run.clip.language)))
            while self._due and self._due[0][0] <= number:
                _, text = self._due.pop(0)
                if self.run.pauses:
                    self.run.pauses[-1]["text"] = text
                if text:
                    await self._tell(TranscriptionFrame(text, "", "", Language(self.run.clip.language)))
                await self._tell(SegmentTranscribedFrame(waiting=len(self._due)))
            for _ in range(6):
                await asyncio.sleep(0)
        await self._strategy.cleanup()
        return self.run


def some(count: int) -> list[Clip]:
    """The clips of so many sentences of each kind."""
    return list(takewhile(lambda clip: clip.number < count, clips()))


def played(clip: Clip, words: bool = True, rhythm: Rhythm | None = None) -> Run:
    """What becomes of a clip, with or without the words' part in it, by somebody of that rhythm."""
    with asyncio.Runner(loop_factory=SoundLoop) as runner:
        return runner.run(Player(clip, words, rhythm).play())


def row(name: str, runs: Iterable[Run]) -> str:
    runs = list(runs)
    paused = [run for run in runs if len(run.clip.parts) > 1]
    delays = np.array([run.delay_secs if run.delay_secs is not None else 4.0 for run in runs])
    cut = np.mean([run.cut for run in paused]) if paused else 0.0
    return (
        f"{name:>22} {len(paused):>7} {cut:>9.1%} {len(runs):>6} {delays.mean():>8.2f}"
        f" {np.median(delays):>8.2f} {np.quantile(delays, 0.9):>8.2f}"
    )


def main() -> None:
    if "--fit" in sys.argv:
        for clip in clips():
            run = played(clip, words=False)
            print(
                json.dumps(
                    {
                        "name": clip.name,
                        "language": clip.language,
                        "number": clip.number,
                        "parts": [[a / RATE_HZ, b / RATE_HZ] for a, b in clip.parts],
                        "ends": run.ends,
                        "pauses": run.pauses,
                    },
                    ensure_ascii=False,
                ),
                flush=True,
            )
        return
    found = some(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    print(f"{'':>22} {'pauses':>7} {'cut off':>9} {'ends':>6} {'mean s':>8} {'median':>8} {'p90':>8}")
    for words in (False, True):
        runs = [played(clip, words) for clip in found]
        for language in ("en", "zh"):
            of = [run for run in runs if run.clip.language == language]
            name = f"{language} {'with words' if words else 'plain'}"
            print(row(name, of), flush=True)
            print(row(name + ", odd", [run for run in of if run.clip.number % 2]), flush=True)


if __name__ == "__main__":
    main()

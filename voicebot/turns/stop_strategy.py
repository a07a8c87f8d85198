"""Stop strategy: when a visitor's turn is over, by pauses, what Smart Turn says of them, and transcripts."""

import asyncio
import time
from collections.abc import Callable

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    EagerEndOfTurnCancelFrame,
    EagerTranscriptionFrame,
    Frame,
    InterruptionFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.turns.types import ProcessFrameResult, UserTurnSpeculation

from voicebot.pipecat_internals.stop_strategy import StopStrategyHooks
from voicebot.providers import SegmentTranscribedFrame, SpeechPausedFrame
from voicebot.turns.ends import LANGUAGES, LONGEST_SECS, Rhythm, patience_secs
from voicebot.turns.guesses import Answers, NoAnswers
from voicebot.turns.inference_budget import InferenceBudget
from voicebot.turns.smart_turn import SharedSmartTurn
from voicebot.turns.vad import PAUSE_SECS

UNDECIDED_SECS = 0.5  # into a pause, a sound that began in it has shown whether it is speech
LOOK_SECS = 0.032  # a frame
RISING_SECS = 0.4  # that a sound has lasted, by which voice activity knows whether it is speech
REPLY_SECS = 0.7  # of a reply that were heard: who speaks then speaks to it
# After a pause was noticed (64 ms): by then it is certain (0.2 s), or the visitor has gone on. Twice that, as
# audio may be late.
GUESS_SECS = 0.4


class TurnStop(StopStrategyHooks):
    """Ends a turn when Smart Turn says so and all of its words are there.

    Smart Turn is asked about a pause beside the pipeline, which hears on meanwhile: whoever goes on speaking
    has not finished, and the inference is given up, also before it has begun. `sound_secs` tells
    how long the sound that is going on has lasted, 0 in quiet: one that began in the pause may be the next
    word, and is waited for. Pipecat asks at once, and half a sentence is answered where it was a breath.
    `budget` tells how long each pause is let go on first. Tests inject the clock, in seconds.

    A transcript that arrives when the visitor has already gone on speaking covers only what came before.
    Pipecat would take it as final and end the turn as soon as the rest is spoken, before the rest is
    transcribed: half a sentence would be answered, then the other half again. A `segmented` recogniser says
    when all that was said is transcribed, and until then a turn is not over, however long that takes.
    """

    def __init__(
        self,
        sound_secs: Callable[[], float] = lambda: 0.0,
        *,
        budget: InferenceBudget,
        clock: Callable[[], float] = time.monotonic,
        segmented: bool = False,
        by_words: bool = True,
        rhythm: Rhythm | None = None,
    ) -> None:
        self._rhythm = rhythm or Rhythm()
        self._pause_known = True  # whether the last pause was an end
        self._voice_at: float | None = None  # since when the character has been heard after it
        self._segmented = segmented
        self._transcribing = False  # of what was said before the last pause
        self._smart_turn = SharedSmartTurn(self._hold, budget)
        super().__init__(turn_analyzer=self._smart_turn)
        self._sound_secs = sound_secs
        self._budget = budget
        self._clock = clock
        self._paused_at = 0.0
        self._inferring: asyncio.Task | None = None
        self._by_words = by_words
        self._language = ""  # of what was said last, as a code
        self._resting: asyncio.Task | None = None  # until the pause has lasted long enough for its words
        self.answers: Answers = NoAnswers()
        self._segments: list[str] = []  # the words of this turn
        self._guessing: asyncio.Task | None = None
        self._guess: tuple[UserTurnSpeculation, object] | None = None  # that is being answered, and its basis

    async def process_frame(self, frame: Frame) -> ProcessFrameResult:
        if isinstance(frame, VADUserStartedSpeakingFrame):
            self._learn(frame.start_secs)
        if isinstance(frame, SpeechPausedFrame):
            await self._withdraw()
            self._look_ahead()
        elif isinstance(frame, EagerTranscriptionFrame):
            await self._words_ahead(frame.text)
        elif isinstance(frame, (EagerEndOfTurnCancelFrame, InterruptionFrame)):
            await self._take_guess()  # which is gone already
        elif isinstance(frame, BotStartedSpeakingFrame):
            self._voice_at = self._clock()
            self._budget.guesses.answered(self)
        elif isinstance(frame, SegmentTranscribedFrame) and not frame.waiting:
            self._transcribing = False
            self.note_all_words(certain=not self.user_speaking)
            await self.end_if_due()
        return await super().process_frame(frame)

    def _learn(self, start_secs: float) -> None:
        """The visitor speaks, which tells what their last pause was: speech that cuts a reply short at its
        beginning goes on with a sentence that was answered too early."""
        if self._pause_known:
            return
        self._pause_known = True
        began = self._clock() - start_secs
        heard_secs = 0.0 if self._voice_at is None else began - self._voice_at
        if began - self._paused_at > LONGEST_SECS or heard_secs > REPLY_SECS:
            self._rhythm.ended()
        else:
            self._rhythm.went_on(began - self._paused_at)

    def _look_ahead(self) -> None:
        """Speech has paused, perhaps for good: where there is little to do, that is judged at once."""
        if self.user_speaking and not self._budget.endpointing_delay_secs:
            self._smart_turn.judge_ahead(PAUSE_SECS)

    async def end_if_due(self) -> None:
        if self._transcribing:
            return
        await self._stop_resting()
        sound = self._smart_turn.probability
        if (
            self._by_words
            and self._language in LANGUAGES
            and sound is not None
            and self.has_words
            and self._in_pause
        ):
            secs = self._rhythm.patience_secs(patience_secs(sound, " ".join(self._segments)), sound)
            if self._clock() - self._paused_at < secs:
                self._resting = self.task_manager.create_task(self._rest(secs), f"{self}::rest")
                return
            self.note_over()
        await super().end_if_due()

    @property
    def _in_pause(self) -> bool:
        return self.user_has_paused and not self.user_speaking

    async def _rest(self, secs: float) -> None:
        """Lets the pause last so long, and a sound that has just begun show whether it is speech."""
        while self._clock() - self._paused_at < secs or 0 < self._sound_secs() < RISING_SECS:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECS)
        self._resting = None
        await self.end_if_due()

    async def _stop_resting(self) -> None:
        resting, self._resting = self._resting, None
        if resting and resting is not asyncio.current_task():
            await self.task_manager.cancel_task(resting)

    async def on_pause(self, frame: VADUserStoppedSpeakingFrame) -> None:
        self._transcribing = self._segmented
        self.note_pause()
        self._smart_turn.probability = None  # of this pause it is not known yet
        await self._stop_inferring()
        self._paused_at = self._clock() - frame.stop_secs
        self._pause_known, self._voice_at = False, None
        self._smart_turn.pause()
        self._inferring = self.task_manager.create_task(self._infer(frame), f"{self}::infer")

    async def _infer(self, frame: VADUserStoppedSpeakingFrame) -> None:
        self._budget.note_pause()
        await self._hold(frame.stop_secs + self._budget.endpointing_delay_secs)
        await super().on_pause(frame)

    async def _hold(self, at_least: float = 0.0) -> None:
        """Waits until the pause has lasted so long, and where a sound began in it, until it is clear what
        that is. Whoever turns out to speak ends the wait from outside."""
        # Sound is known packet by packet, and there is nobody to tell when one ends.
        while (lasted := self._clock() - self._paused_at) < at_least or (  # noqa: ASYNC110
            lasted < UNDECIDED_SECS and 0 < self._sound_secs() <= lasted
        ):
            await asyncio.sleep(LOOK_SECS)

    async def handle_user_turn_started(self) -> None:
        """A turn over the character's voice begins when it is known to be one, perhaps after its last word.

        What is known of its pauses holds. One that begins with its first sound is reset by voice activity.
        """
        self._segments.clear()
        self._budget.guesses.answered(self)
        if self.user_speaking or self.user_has_paused:
            self.note_words("")
        else:
            await super().handle_user_turn_started()

    async def handle_user_turn_stopped(self) -> None:
        self._segments.clear()
        await super().handle_user_turn_stopped()

    async def ignore(self) -> None:
        """What was said is no turn, and no part of the next one."""
        await self.handle_user_turn_stopped()

    async def take_back(self) -> None:
        await super().take_back()
        await self._withdraw()
        self._smart_turn.forget_ahead()
        self._smart_turn.probability = None
        await self._stop_inferring()
        await self._stop_resting()

    async def _stop_inferring(self) -> None:
        looking, self._inferring = self._inferring, None
        if looking and looking is not asyncio.current_task():  # which it is when it ends the turn
            await self.task_manager.cancel_task(looking)

    async def cleanup(self) -> None:
        self._budget.guesses.answered(self)
        await self._take_guess()
        await self._stop_inferring()
        await self._stop_resting()
        await super().cleanup()

    async def on_transcript(self, frame: TranscriptionFrame) -> None:
        self._segments.append(frame.text)
        self._language = (frame.language or "").split("-")[0]
        if self._segmented and (self.user_speaking or self.user_has_paused):
            self.note_words(frame.text)  # whether it is all of it is told by SegmentTranscribedFrame
            return
        if self.user_speaking:
            frame.finalized = False
        await super().on_transcript(frame)

    # --- an answer that is prepared ahead: see `guesses` ---

    async def _words_ahead(self, text: str) -> None:
        """These are the words until a pause that may be the last one."""
        await self._withdraw()
        if text and self.user_speaking and self.answers.may_guess:
            self._guessing = self.task_manager.create_task(self._guess_end(text), f"{self}::guess")

    async def _guess_end(self, text: str) -> None:
        """Has the turn answered as if it ended in this pause, where Smart Turn says that it does."""
        if not await self._smart_turn.ends_ahead() or not self._budget.guesses.begin(self, self._withdraw):
            return
        speculation = UserTurnSpeculation(" ".join([*self._segments, text]))
        self._guess = speculation, self.answers.basis
        self.answers.guessing()
        await self.trigger_user_turn_inference_triggered(speculation=speculation)
        await asyncio.sleep(GUESS_SECS)
        if self.user_speaking:  # they have gone on without a pause that voice activity would have told
            await self._withdraw()

    async def _take_guess(self) -> tuple[UserTurnSpeculation, object] | None:
        """The guess that is being answered, which is over with that."""
        task, self._guessing = self._guessing, None
        if task and task is not asyncio.current_task():
            await self.task_manager.cancel_task(task)
        guess, self._guess = self._guess, None
        self._budget.guesses.end(self)
        return guess

    async def _withdraw(self) -> None:
        """The visitor goes on, or somebody else needs the machine: what was prepared is thrown away."""
        if await self._take_guess():
            self.answers.withdrawn()
            await self.trigger_user_turn_speculation_cancelled()

    async def trigger_user_turn_stopped(self, *, enable_user_speaking_frames: bool | None = None) -> None:
        """Ends the turn; an answer that was prepared for these very words is the one that is heard."""
        guess = self._guess
        if guess and (guess[0].text, guess[1]) == (" ".join(self._segments), self.answers.basis):
            await self._take_guess()
            self.answers.confirmed()
            await self._budget.guesses.await_answer(self)
            await self.trigger_user_turn_finalized(
                enable_user_speaking_frames=enable_user_speaking_frames, confirms_speculation=True
            )
            return
        await self._withdraw()
        await self._budget.guesses.await_answer(self)
        await super().trigger_user_turn_stopped(enable_user_speaking_frames=enable_user_speaking_frames)

"""Start strategy: when a visitor's turn begins; while the character speaks, not before it is known to be one.

Pipecat's strategies take the first sound of speech for an interruption, or wait for words and let the voice
talk on meanwhile. Here the voice is held at the first sound, when it would have been interrupted, and what
was said decides: after a back-channel or a noise it goes on where it was, anything else is a turn.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from pipecat.frames.frames import (
    BotStoppedSpeakingFrame,
    EagerTranscriptionFrame,
    Frame,
    InterimTranscriptionFrame,
    InterruptionFrame,
    TranscriptionFrame,
    UserBackchannelFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.turns.types import ProcessFrameResult
from pipecat.turns.user_start import BaseUserTurnStartStrategy

from voicebot.providers import SegmentTranscribedFrame, is_doubted
from voicebot.turns.backchannels import is_backchannel, is_hum

LONGEST_SECS = (
    0.8  # of a back-channel after voice activity has noticed it; benchmarks/pauses.py measures them
)
UNHEARD_SECS = 2.5  # after the speech: a recogniser that has said nothing by then has heard no words


class Voice(Protocol):
    """The character's voice, as whoever speaks into it finds it."""

    @property
    def sounds(self) -> bool:
        """Whether it is heard now."""

    @property
    def awaits_answer(self) -> bool:
        """Whether it is about to end, or asks something: then "yes" is an answer."""

    async def hold(self) -> None:
        """Falls silent at once."""

    async def go_on(self) -> None:
        """Goes on where it was."""


class Silence:
    """A voice that is never heard."""

    sounds = awaits_answer = False

    async def hold(self) -> None:
        pass

    async def go_on(self) -> None:
        pass


class TurnStart(BaseUserTurnStartStrategy):
    """Begins a turn at the first sound of speech, and over the character's voice when it is known to be one.

    That is: when words are heard that are no back-channel, at the first pause of all, or when the visitor has
    spoken for longer than any back-channel is. `on_ignored` is awaited after what was no turn.
    """

    def __init__(self, on_ignored: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self.voice: Voice = Silence()
        self._on_ignored = on_ignored
        self._within = False  # the utterance that was heard last began while the character spoke
        self._answers = False  # and whatever it is, it is an answer
        self._held = False
        self._speaking = False
        self._guess: bool | None = None  # whether it is a back-channel, as far as it is known
        self._waiting: asyncio.Task | None = None

    def ignores(self, text: str, doubted: bool) -> bool:
        """Whether these words, just heard, and maybe `doubted` by the recogniser, are nobody's turn."""
        listens = self._within and not self._answers
        return listens and (is_backchannel(text) or (doubted and is_hum(text)))

    async def process_frame(self, frame: Frame) -> ProcessFrameResult:
        if isinstance(frame, VADUserStartedSpeakingFrame):
            await self._speech_began()
        elif isinstance(frame, VADUserStoppedSpeakingFrame):
            await self._speech_ended()
        elif isinstance(frame, (EagerTranscriptionFrame, InterimTranscriptionFrame)):
            await self._words_guessed(frame)
        elif isinstance(frame, TranscriptionFrame):
            return await self._words_heard(frame)
        elif isinstance(frame, UserBackchannelFrame) or (
            isinstance(frame, SegmentTranscribedFrame) and not frame.waiting
        ):
            await self._nothing_said()
        elif isinstance(frame, (BotStoppedSpeakingFrame, InterruptionFrame)):
            await self._voice_over()
        return ProcessFrameResult.CONTINUE

    async def _speech_began(self) -> None:
        self._speaking, self._guess = True, None
        await self._stop_waiting()
        if not self._held:
            self._within = self.voice.sounds
            self._answers = self._within and self.voice.awaits_answer
            if not self._within:
                await self.trigger_user_turn_started()
                return
            self._held = True
            await self.voice.hold()
        self._wait(LONGEST_SECS, self.trigger_user_turn_started)

    async def _speech_ended(self) -> None:
        self._speaking = False
        if not self._held:
            return
        await self._stop_waiting()
        if self._guess:
            await self._ignore()
        else:
            self._wait(UNHEARD_SECS, self._ignore)

    async def _words_guessed(self, frame: EagerTranscriptionFrame | InterimTranscriptionFrame) -> None:
        if isinstance(frame, EagerTranscriptionFrame) and not self._held:
            return  # of a turn that goes on, and may go on
        self._guess = self.ignores(frame.text, is_doubted(frame)) if frame.text else None
        if self._guess is False:
            await self.trigger_user_turn_started()

    async def _words_heard(self, frame: TranscriptionFrame) -> ProcessFrameResult:
        if self.ignores(frame.text, is_doubted(frame)):  # by a recogniser that does not ask
            await self.trigger_reset_aggregation()
            await self.push_frame(UserBackchannelFrame(frame.text, frame.user_id, frame.timestamp))
        else:
            await self.trigger_user_turn_started()
        return ProcessFrameResult.CONTINUE

    async def _nothing_said(self) -> None:
        if self._held and not self._speaking:
            await self._ignore()

    async def _ignore(self) -> None:
        """That was no turn: the voice goes on."""
        self._held = False
        await self._stop_waiting()
        await self._on_ignored()
        await self.voice.go_on()

    async def _voice_over(self) -> None:
        """There is nothing to go on with: whoever speaks has a turn."""
        held, self._held = self._held, False
        await self._stop_waiting()
        if held and self._speaking:
            await self.trigger_user_turn_started()

    async def handle_user_turn_started(self) -> None:
        """The voice is interrupted by that, and there is nothing to wait for."""
        self._held = self._within = False
        await self._stop_waiting()
        await super().handle_user_turn_started()

    def _wait(self, secs: float, then: Callable[[], Awaitable[None]]) -> None:
        async def wait() -> None:
            await asyncio.sleep(secs)
            self._waiting = None
            await then()

        self._waiting = self.task_manager.create_task(wait(), f"{self}::wait")

    async def _stop_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting:
            await self.task_manager.cancel_task(waiting)

    async def cleanup(self) -> None:
        await self._stop_waiting()
        await super().cleanup()

"""The end of a user's turn: Pipecat's strategy with its steps as hooks."""

from pipecat.frames.frames import TranscriptionFrame, VADUserStoppedSpeakingFrame
from pipecat.turns.user_stop import TurnAnalyzerUserTurnStopStrategy


class StopStrategyHooks(TurnAnalyzerUserTurnStopStrategy):
    """TurnAnalyzerUserTurnStopStrategy whose steps can be held up, and whose facts can be set.

    Hooks, each of which does what Pipecat does unless it is overridden:

    - on_pause(frame): voice activity says that the user has stopped speaking
    - on_transcript(frame): words have come
    - end_if_due(): the turn ends here if all that it waits for has come
    - take_back(): the user speaks again, or the turn has begun or ended: no end of it is pending
    """

    async def on_pause(self, frame: VADUserStoppedSpeakingFrame) -> None:
        await super()._handle_vad_user_stopped_speaking(frame)

    async def on_transcript(self, frame: TranscriptionFrame) -> None:
        await super()._handle_transcription(frame)

    async def end_if_due(self) -> None:
        await super()._maybe_trigger_user_turn_stopped()

    async def take_back(self) -> None:
        await super()._discard_pending_end_of_turn()

    @property
    def user_speaking(self) -> bool:
        """Whether the user speaks, by voice activity."""
        return self._vad_user_speaking

    @property
    def user_has_paused(self) -> bool:
        """Whether voice activity has noticed a pause since the user last began to speak."""
        return self._vad_stopped

    def note_over(self) -> None:
        """The turn is over, whatever the analyzer has said."""
        self._turn_complete = True

    @property
    def has_words(self) -> bool:
        """Whether there are words in this turn."""
        return bool(self._text)

    def note_pause(self) -> None:
        """The user has stopped speaking, whatever `on_pause` waits for first."""
        self._vad_user_speaking = False
        self._vad_stopped = True

    def note_words(self, text: str) -> None:
        """There are words in this turn; whether they are all of it is not said."""
        self._text = text

    def note_all_words(self, *, certain: bool) -> None:
        """All that was said is in words; `certain` unless the user has gone on speaking."""
        self._transcript_finalized = certain

    async def _handle_vad_user_stopped_speaking(self, frame: VADUserStoppedSpeakingFrame) -> None:
        await self.on_pause(frame)

    async def _handle_transcription(self, frame: TranscriptionFrame) -> None:
        await self.on_transcript(frame)

    async def _maybe_trigger_user_turn_stopped(self) -> None:
        await self.end_if_due()

    async def _discard_pending_end_of_turn(self) -> None:
        await self.take_back()

"""Text-to-speech: requests, the audio contexts they fill, and the words that count as spoken."""

from typing import Any

from pipecat.frames.frames import AggregatedTextFrame, Frame
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService


class SynthesisHooks(TTSService):
    """TTSService that can leave out what was not voiced. Goes before any of Pipecat's services.

    Hooks, each of which does what Pipecat does unless it is overridden:

    - speak_text(source, text, context_id): a text is to be spoken
    - request_speech(text, context_id): it is asked of the service
    - note_spoken(source, text, context_id, in_history): its request is over, in a voice without word times
    - complete_words(context_id): a context is over, in a voice with word times
    - context_ended(context_id, sounded): all of a context is played
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._max_consecutive_zero_audio_contexts = 0  # a voice that was away may come back

    async def speak_text(self, source: AggregatedTextFrame, text: str, context_id: str) -> None:
        await super()._speak_text(source, text, context_id)

    async def request_speech(self, text: str, context_id: str) -> None:
        await super()._synthesize_text(text, context_id)

    async def note_spoken(
        self, source: AggregatedTextFrame, text: str, context_id: str, in_history: bool
    ) -> None:
        await super()._push_spoken_text(source, text, context_id, in_history)

    async def complete_words(self, context_id: str) -> None:
        await super()._apply_force_complete(context_id)

    async def context_ended(self, context_id: str, sounded: bool) -> None:
        await super()._record_context_audio_outcome(context_id, sounded)

    @property
    def tells_word_times(self) -> bool:
        """Whether words go on one by one, each at its time in the pipeline's clock."""
        return not self._push_text_frames

    @property
    def turn_context(self) -> str | None:
        """The audio context of the reply that is being written, None between replies."""
        return self._turn_context_id

    @property
    def reply_words_end(self) -> int | None:
        """When the last word of the reply being played is due, in the clock's nanoseconds; None before it."""
        return self._word_timestamp_tracker.reply_last_pts

    def is_in_history(self, context_id: str) -> bool:
        """Whether what a context says belongs into the conversation's history."""
        context = self._tts_contexts.get(context_id)
        return bool(context and context.append_to_context)

    def keep_context_open(self, context_id: str) -> None:
        """Restarts the three seconds after which a context without sound is over."""
        self._refresh_audio_context(context_id)

    def close_context_with_turn(self, closes: bool) -> None:
        """Says whether sound comes out of `run_tts`, so that with the reply's text its sound is complete."""
        self._is_yielding_frames_synchronously = closes

    async def queue_in_place(self, frame: Frame) -> None:
        """Lets a frame go on when all that was queued before it has been played."""
        turn = self._turn_context_id
        if turn is not None and self.audio_context_available(turn):
            await self.append_to_audio_context(turn, frame)
        else:
            await self._audio_context_manager.put_frame(frame)

    async def process_without_speaking(self, frame: Frame, direction: FrameDirection) -> None:
        """`process_frame` as of any service, without what text-to-speech makes of it."""
        await super(TTSService, self).process_frame(frame, direction)

    async def drop_words(self, context_id: str, kinds: tuple[type[Frame], ...]) -> None:
        """Gives up the rest of a context; of its frames all but those of these kinds go on."""
        rest = self._aggregated_frame_sequencer.force_complete(
            context_id, self._word_timestamp_tracker.last_pts
        )
        await self._push_word_frames([frame for frame in rest if not isinstance(frame, kinds)])

    async def change_settings(self, changes: TTSSettings) -> None:
        """Takes other settings from the next request on; a settings frame would wait its turn."""
        await self._update_settings(changes)

    async def _speak_text(self, src_frame: AggregatedTextFrame, text: str, context_id: str) -> None:
        await self.speak_text(src_frame, text, context_id)

    async def _synthesize_text(self, text: str, context_id: str) -> None:
        await self.request_speech(text, context_id)

    async def _push_spoken_text(
        self, src_frame: AggregatedTextFrame, text: str, context_id: str, append_to_context: bool
    ) -> None:
        await self.note_spoken(src_frame, text, context_id, append_to_context)

    async def _apply_force_complete(self, context_id: str) -> None:
        await self.complete_words(context_id)

    async def _record_context_audio_outcome(self, context_id: str, received_audio: bool) -> None:
        await self.context_ended(context_id, received_audio)

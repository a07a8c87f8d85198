"""Speech-to-text in segments: what is being heard, and where a segment ends."""

from pipecat.frames.frames import VADUserStartedSpeakingFrame, VADUserStoppedSpeakingFrame
from pipecat.services.stt_service import SegmentedSTTService


class SegmentHooks(SegmentedSTTService):
    """SegmentedSTTService whose segments can be looked into and cut.

    Hooks, each of which does what Pipecat does unless it is overridden:

    - on_speech_began(frame)
    - on_speech_ended(frame): hands the segment over to `run_stt`
    """

    async def on_speech_began(self, frame: VADUserStartedSpeakingFrame) -> None:
        await super()._handle_user_started_speaking(frame)

    async def on_speech_ended(self, frame: VADUserStoppedSpeakingFrame) -> None:
        await super()._handle_user_stopped_speaking(frame)

    @property
    def heard_pcm(self) -> bytes:
        """The segment so far, or the last second before one: mono int16 PCM."""
        return bytes(self._audio_buffer)

    @property
    def heard_bytes(self) -> int:
        """How long that is."""
        return len(self._audio_buffer)

    @property
    def hears_speech(self) -> bool:
        """Whether somebody speaks, so that the segment grows."""
        return self._user_speaking

    @property
    def waiting_segments(self) -> int:
        """How many segments are still to be transcribed."""
        return self._segment_queue.qsize()

    async def cut_segment(self, at: int) -> None:
        """Hands over the first `at` bytes as a segment; the rest is the beginning of the next one."""
        rest = self._audio_buffer[at:]
        del self._audio_buffer[at:]
        await self.on_speech_ended(VADUserStoppedSpeakingFrame())
        self._user_speaking = True
        self._audio_buffer += rest

    async def _handle_user_started_speaking(self, frame: VADUserStartedSpeakingFrame) -> None:
        await self.on_speech_began(frame)

    async def _handle_user_stopped_speaking(self, frame: VADUserStoppedSpeakingFrame) -> None:
        await self.on_speech_ended(frame)

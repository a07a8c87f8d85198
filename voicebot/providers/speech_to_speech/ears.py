"""What hears: the visitor's speech goes to the vendor as it comes, and its words come back by the piece.

When a piece of speech is over is decided here, as for every recogniser: whoever speaks into a reply may only
mean to say that they listen, and silence costs nothing.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator

from django.conf import settings
from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.settings import STTSettings
from pipecat.transcriptions.language import Language
from pipecat.utils.time import time_now_iso8601

from voicebot.providers.speech.segments import BoundedSegments
from voicebot.providers.speech_to_speech.talk import Talk
from voicebot.providers.speech_to_speech.vendor import IN_HZ, Heard, VendorLost


class VendorEars(BoundedSegments):
    """A recogniser whose pieces of speech become parts of the vendor's conversation."""

    longest_secs = 120.0  # vendors take minutes; only what is kept here for a broken line is bounded

    def __init__(self, talk: Talk, language: str) -> None:
        super().__init__(settings=STTSettings(model=talk.vendor.model, language=language), sample_rate=IN_HZ)
        self._talk, self._language = talk, Language(language) if language in set(Language) else None
        self._pieces: deque[asyncio.Future[Heard] | None] = deque()

    @property
    def wants_wav_segments(self) -> bool:
        return False

    async def on_speech_began(self, frame: VADUserStartedSpeakingFrame) -> None:
        if not self.hears_speech:
            await self._talk.hear(self.heard_pcm)  # what led to knowing that it is speech
        await super().on_speech_began(frame)

    async def process_audio_frame(self, frame: InputAudioRawFrame, direction: FrameDirection) -> None:
        if self.hears_speech:
            await self._talk.hear(frame.audio)
        await super().process_audio_frame(frame, direction)

    async def on_speech_ended(self, frame: VADUserStoppedSpeakingFrame) -> None:
        if self.hears_speech:
            self._pieces.append(await self._talk.commit())
        await super().on_speech_ended(frame)

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame, None]:
        try:
            heard = await self._heard(audio)
        except (VendorLost, TimeoutError) as error:
            yield ErrorFrame(error=f"speech to speech does not hear: {error or 'no words came in time'}")
            return
        if heard.text is None:
            await self._talk.forget(heard)
            yield ErrorFrame(error="speech to speech could not tell the words")
        elif not heard.text.strip() or self.ignores(heard.text, False):
            await self._talk.forget(heard)
        if heard.text and heard.text.strip():
            yield TranscriptionFrame(heard.text, "user", time_now_iso8601(), language=self._language)

    async def _heard(self, pcm: bytes) -> Heard:
        """The words of a piece; where the line broke, of the same piece in a new session."""
        piece = self._pieces.popleft() if self._pieces else None
        async with asyncio.timeout(settings.PROVIDER_TIMEOUT_SECS):
            if piece is not None:
                try:
                    return await piece
                except VendorLost:
                    pass
            return await (await self._talk.hear_again(pcm))

    async def push_frame(self, frame: Frame, direction: FrameDirection = FrameDirection.DOWNSTREAM) -> None:
        await super().push_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame) and not self.ignores(frame.text, False):
            self._talk.heard(frame.text)  # as it stands now, whoever has changed it

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._talk.close()

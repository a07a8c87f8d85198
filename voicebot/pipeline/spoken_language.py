"""Spoken language: which of a character's languages the visitor speaks, as whoever listens tells."""

from collections.abc import Sequence
from typing import Any

from pipecat.frames.frames import EagerTranscriptionFrame, Frame, TranscriptionFrame
from pipecat.processors.frame_processor import FrameProcessor

from characters.text import written_in
from voicebot.pipeline.conversation_state import ConversationState
from voicebot.pipeline.variables import MetadataKeeper, language


class SpokenLanguage:
    """Notes the language of words as they are heard or typed, so that the reply to them is in it already.

    Words of a pause that may be none count for what is made ahead; only those of a turn are kept.
    """

    def __init__(self, state: ConversationState, listeners: Sequence[FrameProcessor]):
        self._state = state
        self._keeper = MetadataKeeper(language)
        self._kept = state.answer_in
        for service in listeners:
            service.add_event_handler("on_before_push_frame", self._hear)

    async def _hear(self, _service: Any, frame: Frame) -> None:
        if isinstance(frame, (TranscriptionFrame, EagerTranscriptionFrame)) and frame.language:
            self._state.hear(str(frame.language).split("-")[0].lower())
            if isinstance(frame, TranscriptionFrame):
                self._keep()

    def read(self, text: str) -> None:
        """The visitor has typed something."""
        self._state.hear(written_in(text, self._state.speaking.languages))
        self._keep()

    def _keep(self) -> None:
        if self._state.answer_in != self._kept:
            self._kept = self._state.answer_in
            self._keeper.keep(self._state)

    async def end(self) -> None:
        """Lets the last change be written."""
        await self._keeper.end()

"""A language model for tests that says what documents tell it right before the visitor's last words."""

from pipecat.frames.frames import (
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor


class QuotingLLM(FrameProcessor):
    """The first sentence of the first passage, and its source."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        told = [m for m in frame.context.get_messages() if isinstance(m, dict)][-2:-1]
        note = " ".join(str(m.get("content")) for m in told if m.get("role") == "system")
        quotation, _, source = note.partition(" (from ")
        first = quotation.rpartition('"')[0].partition(': "')[2].partition(".")[0]
        said = f"{first}, as it says in {source.partition(')')[0]}" if source else "nothing"
        await self.push_frame(LLMFullResponseStartFrame())
        await self.push_frame(LLMTextFrame(f"I have read {said}."))
        await self.push_frame(LLMFullResponseEndFrame())

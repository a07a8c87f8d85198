"""A process that stops while it records ends at once."""

import asyncio

from pipecat.frames.frames import Frame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from characters.spec import CharacterSpec
from tests.patience import PATIENCE_SECS
from voicebot.providers import RecordedSpeech


class Mute(FrameProcessor):
    """A voice that is asked and says nothing."""

    def __init__(self, asked: asyncio.Event):
        super().__init__()
        self._asked = asked

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if type(frame).__name__ in ("StartFrame", "CancelFrame"):
            await self.push_frame(frame, direction)
        self._asked.set()


def test_an_event_loop_closes_while_something_is_recorded(transactional_db):
    async def record() -> bool:
        asked, process = asyncio.Event(), RecordedSpeech()
        process.prepare(CharacterSpec("marlow", "Marlow"), lambda _spec: Mute(asked), ["Forgive me."])
        await asyncio.wait_for(asked.wait(), PATIENCE_SECS)
        (recording,) = process.tasks.values()
        async with asyncio.timeout(PATIENCE_SECS):
            await process.close()
        return recording.done()

    assert asyncio.run(record()), "and the loop was closed without waiting for a voice"
